// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IBundleVerifier, InferenceReceipt, MerklePath} from "./IBundleVerifier.sol";

/// @title Receipts of model calls and the Merkle root over those of a block.
/// @dev devnet/merkle.py: a tree as in RFC 6962 whose root is sealed with the number of leaves.
library Inferences {
    bytes1 private constant LEAF = 0x00;
    bytes1 private constant NODE = 0x01;
    bytes1 private constant SEAL = 0x02;

    /// @notice The root that a receipt and its path lead to.
    /// @dev RFC 9162, 2.1.3.2; the siblings have to be as many as index and count want.
    function computeRoot(InferenceReceipt calldata receipt, MerklePath calldata path)
        internal
        pure
        returns (bytes32 hash)
    {
        (uint256 index, uint256 count) = (path.index, path.count);
        bytes32[] calldata siblings = path.siblings;
        bool fits = index < count && count <= type(uint64).max;
        if (!fits) revert IBundleVerifier.BadPath(index, count, siblings.length);
        uint256 last = count - 1;
        hash = keccak256(abi.encodePacked(LEAF, abi.encode(receipt)));
        for (uint256 level = 0; level < siblings.length; level++) {
            if (last == 0) revert IBundleVerifier.BadPath(path.index, count, siblings.length);
            if (index & 1 == 1 || index == last) {
                hash = keccak256(abi.encodePacked(NODE, siblings[level], hash));
                while (index & 1 == 0 && index != 0) (index, last) = (index >> 1, last >> 1);
            } else {
                hash = keccak256(abi.encodePacked(NODE, hash, siblings[level]));
            }
            (index, last) = (index >> 1, last >> 1);
        }
        if (last != 0) revert IBundleVerifier.BadPath(path.index, count, siblings.length);
        hash = keccak256(abi.encodePacked(SEAL, uint64(count), hash));
    }
}
