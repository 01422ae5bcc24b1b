// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title RLP, read item by item from call data; only the one canonical form is taken.
/// @dev Every slice is checked against what is left, so no item reaches beyond its list.
library Rlp {
    error BadRlp();

    uint256 private constant SHORT = 55; // longest content whose length is in the prefix

    /// @return content Of the list that `data` is, whole.
    function openList(bytes calldata data) internal pure returns (bytes calldata content) {
        bool isList;
        bytes calldata rest;
        (content, rest, isList) = next(data);
        if (!isList || rest.length != 0) revert BadRlp();
    }

    /// @return content Of the string that `data` begins with, and what comes after it.
    function nextString(bytes calldata data)
        internal
        pure
        returns (bytes calldata content, bytes calldata rest)
    {
        bool isList;
        (content, rest, isList) = next(data);
        if (isList) revert BadRlp();
    }

    /// @return content Of the first item of `data`, what comes after it, and what it is.
    function next(bytes calldata data)
        internal
        pure
        returns (bytes calldata content, bytes calldata rest, bool isList)
    {
        if (data.length == 0) revert BadRlp();
        uint256 prefix = uint8(data[0]);
        if (prefix < 0x80) return (data[:1], data[1:], false);
        isList = prefix >= 0xc0;
        uint256 size = prefix - (isList ? 0xc0 : 0x80);
        uint256 start = 1;
        if (size > SHORT) {
            uint256 width = size - SHORT; // of the length, at most 8 bytes
            start += width;
            if (data.length < start || data[1] == 0) revert BadRlp();
            size = uint256(bytes32(data[1:start]) >> (8 * (32 - width)));
            if (size <= SHORT) revert BadRlp();
        }
        if (data.length - start < size) revert BadRlp();
        (content, rest) = (data[start:start + size], data[start + size:]);
        if (!isList && size == 1 && uint8(content[0]) < 0x80) revert BadRlp();
    }

    function toWord(bytes calldata content) internal pure returns (bytes32) {
        if (content.length != 32) revert BadRlp();
        return bytes32(content);
    }

    function toInteger(bytes calldata content) internal pure returns (uint256) {
        if (content.length == 0) return 0;
        if (content.length > 32 || content[0] == 0) revert BadRlp();
        return uint256(bytes32(content) >> (8 * (32 - content.length)));
    }
}
