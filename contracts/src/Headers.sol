// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IBundleVerifier} from "./IBundleVerifier.sol";
import {Rlp} from "./Rlp.sol";

/// @notice What is read of a block's header.
/// @param inferenceRoot Its `extraData`.
struct Header {
    bytes32 stateRoot;
    uint256 number;
    bytes32 inferenceRoot;
}

/// @title Headers of blocks, by their RLP.
library Headers {
    using Rlp for bytes;

    uint256 private constant STATE_ROOT = 3; // place in the list
    uint256 private constant NUMBER = 8;
    uint256 private constant EXTRA_DATA = 12;
    uint256 private constant LEAST_FIELDS = 15;

    function read(bytes calldata encoded) internal pure returns (Header memory header) {
        bytes calldata rest = encoded.openList();
        uint256 place = 0;
        for (; rest.length != 0; place++) {
            bytes calldata field;
            (field, rest) = rest.nextString();
            if (place == STATE_ROOT) header.stateRoot = field.toWord();
            else if (place == NUMBER) header.number = field.toInteger();
            else if (place == EXTRA_DATA) header.inferenceRoot = field.toWord();
        }
        if (place < LEAST_FIELDS) revert IBundleVerifier.BadHeader();
    }
}
