// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title What a validator signs for a block, and who made a signature.
/// @dev The digest is that of devnet/consensus/vote.py: keccak over eight 32-byte words.
library Precommits {
    bytes32 private constant DOMAIN = keccak256("devnet.vote.v1");
    uint256 private constant VOTE_TYPE = 2;
    uint256 private constant HALF_ORDER =
        0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    function digest(
        uint256 chainId,
        uint256 height,
        uint256 round,
        bytes32 value,
        bytes32 validatorsHash,
        bytes32 fingerprint
    ) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                DOMAIN, chainId, height, round, value, validatorsHash, fingerprint, VOTE_TYPE
            )
        );
    }

    /// @dev Nobody, the zero address, for a high s (EIP-2) and for what is no signature.
    function recover(bytes32 signed, bytes calldata signature) internal pure returns (address) {
        if (signature.length != 65) return address(0);
        bytes32 s = bytes32(signature[32:64]);
        if (uint256(s) > HALF_ORDER || uint8(signature[64]) > 1) return address(0);
        return ecrecover(signed, 27 + uint8(signature[64]), bytes32(signature[0:32]), s);
    }
}
