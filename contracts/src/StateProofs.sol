// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IBundleVerifier} from "./IBundleVerifier.sol";
import {Rlp} from "./Rlp.sol";

/// @title Words in the storage of an account, proven under a state root.
/// @dev Nodes as `eth_getProof` gives them (EIP-1186), Yellow Paper appendix D. A node below 32
/// bytes stands inside its parent: what holds a hash never does, so the way to one is by hashes.
library StateProofs {
    using Rlp for bytes;

    uint256 private constant BRANCH_ITEMS = 17;
    uint256 private constant KEY_NIBBLES = 64;

    /// @notice The next node and how many nibbles of the key are behind.
    struct Walk {
        bytes32 key;
        bytes32 hash;
        uint256 depth;
    }

    /// @notice The word of a slot, not zero.
    function readStorage(
        bytes32 stateRoot,
        address account,
        bytes32 slot,
        bytes[] calldata accountProof,
        bytes[] calldata storageProof
    ) internal pure returns (bytes32) {
        Walk memory walk = Walk(keccak256(abi.encodePacked(account)), stateRoot, 0);
        bytes calldata rest = _find(walk, accountProof).openList();
        (, rest) = rest.nextString(); // nonce
        (, rest) = rest.nextString(); // balance
        (bytes calldata root,) = rest.nextString();
        walk = Walk(keccak256(abi.encodePacked(slot)), root.toWord(), 0);
        (bytes calldata value,) = _find(walk, storageProof).nextString();
        return bytes32(value.toInteger());
    }

    function _find(Walk memory walk, bytes[] calldata nodes)
        private
        pure
        returns (bytes calldata child)
    {
        for (uint256 index = 0; index < nodes.length; index++) {
            if (keccak256(nodes[index]) != walk.hash) break;
            bool isLeaf;
            (child, isLeaf) = _step(walk, nodes[index].openList());
            if (isLeaf && index + 1 == nodes.length) return child;
            if (isLeaf || child.length != 32) break;
            walk.hash = bytes32(child);
        }
        revert IBundleVerifier.BadStateProof();
    }

    /// @dev Of a leaf its value, else the hash of the node below.
    function _step(Walk memory walk, bytes calldata items)
        private
        pure
        returns (bytes calldata child, bool isLeaf)
    {
        uint256 count = _count(items);
        if (count == 2) {
            (bytes calldata path, bytes calldata rest) = items.nextString();
            isLeaf = _follow(walk, path);
            (child,) = rest.nextString();
        } else {
            bool isOpen = count == BRANCH_ITEMS && walk.depth < KEY_NIBBLES;
            if (!isOpen) revert IBundleVerifier.BadStateProof();
            uint256 nibble = _nibble(uint8(walk.key[walk.depth / 2]), walk.depth);
            (child,) = _skip(items, nibble).nextString();
            walk.depth++;
        }
    }

    /// @dev Walks the nibbles of a leaf or an extension, packed with a flag: 1 odd, 2 leaf.
    function _follow(Walk memory walk, bytes calldata path) private pure returns (bool isLeaf) {
        uint256 flag = path.length == 0 ? 4 : uint8(path[0]) >> 4;
        if (flag > 3) revert IBundleVerifier.BadStateProof();
        isLeaf = flag & 2 != 0;
        for (uint256 at = 2 - (flag & 1); at < 2 * path.length; at++) {
            if (walk.depth == KEY_NIBBLES) revert IBundleVerifier.BadStateProof();
            uint256 wanted = _nibble(uint8(walk.key[walk.depth / 2]), walk.depth);
            if (_nibble(uint8(path[at / 2]), at) != wanted) revert IBundleVerifier.BadStateProof();
            walk.depth++;
        }
        if (isLeaf && walk.depth != KEY_NIBBLES) revert IBundleVerifier.BadStateProof();
    }

    function _count(bytes calldata items) private pure returns (uint256 count) {
        for (; items.length != 0; count++) {
            (, items,) = items.next();
        }
    }

    function _skip(bytes calldata items, uint256 count) private pure returns (bytes calldata) {
        for (; count != 0; count--) {
            (, items,) = items.next();
        }
        return items;
    }

    function _nibble(uint256 octet, uint256 place) private pure returns (uint256) {
        return place & 1 == 0 ? octet >> 4 : octet & 15;
    }
}
