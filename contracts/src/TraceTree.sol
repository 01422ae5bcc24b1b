// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title The tree over a trace: one leaf for each operator, padded to a power of two.
/// @dev Leaves and nodes hash in separate domains, as in RFC 6962. A leaf's content is the digest of
/// all results of its operator; the last one has the digest of the model's outputs after it. Beyond
/// the last operator every leaf is PADDING.
library TraceTree {
    bytes32 internal constant PADDING = keccak256(hex"00");

    /// @notice Rounds from the root to a leaf: the least d with 2 ** d >= operators.
    function depth(uint256 operators) internal pure returns (uint256 rounds) {
        while (1 << rounds < operators) rounds++;
    }

    /// @notice Leaf of an operator that is not the last.
    function leaf(bytes32 results) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), results));
    }

    /// @notice Leaf of the last operator.
    function lastLeaf(bytes32 results, bytes32 outputs) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), results, outputs));
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }

    error WrongDepth(uint256 siblings, uint256 depth);

    /// @notice The root that a leaf's siblings lead to, lowest first.
    function prove(bytes32 from, uint256 index, uint256 operators, bytes32[] calldata siblings)
        internal
        pure
        returns (bytes32 root)
    {
        uint256 levels = depth(operators);
        if (siblings.length != levels) revert WrongDepth(siblings.length, levels);
        root = from;
        for (uint256 level = 0; level < levels; level++) {
            bytes32 sibling = siblings[level];
            root = index >> level & 1 == 0 ? node(root, sibling) : node(sibling, root);
        }
    }
}
