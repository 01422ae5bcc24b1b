// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Certificate, IBundleVerifier, Vote} from "./IBundleVerifier.sol";
import {Member} from "./IStaking.sol";
import {Precommits} from "./Precommits.sol";

/// @title Whether more than two thirds of a set's power have signed a block.
library Certificates {
    function computeSetHash(Member[] calldata members) internal pure returns (bytes32) {
        bytes32[] memory words = new bytes32[](2 * members.length);
        for (uint256 index = 0; index < members.length; index++) {
            words[2 * index] = bytes32(uint256(uint160(members[index].account)));
            words[2 * index + 1] = bytes32(uint256(members[index].power));
        }
        return keccak256(abi.encodePacked(words));
    }

    /// @notice Checks a certificate for the block of this height.
    /// @param setHash Of the members; they sign it.
    /// @return signed Power behind the block, and of all members.
    function count(
        Certificate calldata certificate,
        Member[] calldata members,
        uint256 chainId,
        uint256 height,
        bytes32 setHash
    ) internal pure returns (uint256 signed, uint256 total) {
        if (certificate.height != height) {
            revert IBundleVerifier.WrongHeight(certificate.height, height);
        }
        if (certificate.blockHash == 0) revert IBundleVerifier.CertifiesNothing();
        total = _sumPower(members);
        uint256 seat = 0;
        for (uint256 index = 0; index < certificate.votes.length; index++) {
            Vote calldata vote = certificate.votes[index];
            while (seat < members.length && members[seat].account != vote.validator) seat++;
            if (seat == members.length) revert IBundleVerifier.NotInOrder(vote.validator);
            bytes32 digest = Precommits.digest(
                chainId,
                height,
                certificate.round,
                certificate.blockHash,
                setHash,
                vote.fingerprint
            );
            address signer = Precommits.recover(digest, vote.signature);
            if (signer == address(0) || signer != vote.validator) {
                revert IBundleVerifier.WrongSignature(vote.validator);
            }
            signed += members[seat++].power;
        }
        if (3 * signed <= 2 * total) revert IBundleVerifier.NotEnoughPower(signed, total);
    }

    /// @dev Refuses who sits there twice, by a table in which the search for an account begins at
    /// its lowest bits, and at most every second place is taken.
    function _sumPower(Member[] calldata members) private pure returns (uint256 total) {
        uint256 size = 2;
        while (size < 2 * members.length) size *= 2;
        uint256[] memory taken = new uint256[](size); // account + 1
        for (uint256 index = 0; index < members.length; index++) {
            Member calldata member = members[index];
            if (member.power == 0) revert IBundleVerifier.PowerlessMember(member.account);
            total += member.power;
            uint256 mark = uint256(uint160(member.account)) + 1;
            uint256 place = mark & (size - 1);
            for (; taken[place] != 0; place = (place + 1) & (size - 1)) {
                if (taken[place] == mark) revert IBundleVerifier.RepeatedMember(member.account);
            }
            taken[place] = mark;
        }
    }
}
