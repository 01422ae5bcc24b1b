// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IStaking, Statement, Step} from "./IStaking.sol";
import {Precommits} from "./Precommits.sol";

/// @title Who signed a statement, and whether two contradict each other.
/// @dev The digests are those of devnet/consensus: keccak over 32-byte words.
library Statements {
    bytes32 private constant PREVOTE = keccak256("devnet.prevote.v1");
    bytes32 private constant PROPOSAL = keccak256("devnet.proposal.v1");

    function digest(Statement calldata said) internal view returns (bytes32) {
        if (said.step == Step.Precommit) {
            return Precommits.digest(
                block.chainid,
                said.height,
                said.round,
                said.value,
                said.validatorsHash,
                said.fingerprint
            );
        }
        return keccak256(
            abi.encode(
                said.step == Step.Proposal ? PROPOSAL : PREVOTE,
                block.chainid,
                said.height,
                said.round,
                said.value,
                said.validatorsHash,
                uint256(int256(said.polRound) + 1)
            )
        );
    }

    /// @dev Refuses high s (EIP-2) and what recovers to nobody.
    function signer(Statement calldata said) internal view returns (address found) {
        if (said.polRound < -1) revert IStaking.BadSignature();
        found = Precommits.recover(digest(said), said.signature);
        if (found == address(0)) revert IStaking.BadSignature();
    }

    /// @dev The one signer of two statements about one height by one set.
    function commonSigner(Statement calldata first, Statement calldata second)
        internal
        view
        returns (address found)
    {
        if (first.height != second.height || first.validatorsHash != second.validatorsHash) {
            revert IStaking.DifferentPlaces();
        }
        found = signer(first);
        address other = signer(second);
        if (found != other) revert IStaking.DifferentSigners(found, other);
    }

    function requireDuplicate(Statement calldata first, Statement calldata second) internal view {
        if (first.round != second.round || first.step != second.step) {
            revert IStaking.DifferentPlaces();
        }
        if (digest(first) == digest(second)) revert IStaking.SameContent();
    }

    /// @dev L29 of arXiv 1807.04938: whoever is locked prevotes another value only for a newer polka.
    function requireAmnesia(Statement calldata lock, Statement calldata vote) internal pure {
        bool inOrder = lock.step == Step.Precommit && vote.step == Step.Prevote
            && lock.round < vote.round && vote.polRound < int256(uint256(lock.round));
        bool againstLock =
            lock.value != 0 && vote.value != 0 && lock.value != vote.value;
        if (!inOrder || !againstLock) revert IStaking.NoContradiction();
    }
}
