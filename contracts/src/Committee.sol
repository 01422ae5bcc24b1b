// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {OptimisticTerms, Request} from "./IOptimisticInference.sol";
import {Member, STAKING} from "./IStaking.sol";

/// @title Who runs a request, and who runs it again.
/// @dev Slot 0 is written by the genesis block.
abstract contract Committee {
    OptimisticTerms internal _terms; // slot 0

    /// @dev Validators in turn: by id, by refuted attempts, and on after every `moveBlocks`.
    function _pickExecutor(uint256 id, Request storage asked) internal view returns (address) {
        Member[] memory members = STAKING.validators();
        uint256 turns = (block.number - asked.openedAt) / _terms.moveBlocks;
        return members[(id + asked.attempt + turns) % members.length].account;
    }

    /// @dev The first draws of a Fisher-Yates shuffle of all validators but the executor.
    function _drawCommittee(uint256 id, Request storage asked)
        internal
        view
        returns (address[] memory drawn)
    {
        bytes32 blockHash = blockhash(asked.postedAt);
        if (blockHash == 0 || asked.executor == address(0)) return drawn;
        bytes32 seed = keccak256(abi.encode(blockHash, id));
        if (uint256(seed) % 10_000 >= _terms.sampleBasisPoints) return drawn;
        Member[] memory members = STAKING.validators();
        address[] memory others = new address[](members.length);
        uint256 count = 0;
        for (uint256 i = 0; i < members.length; i++) {
            if (members[i].account != asked.executor) others[count++] = members[i].account;
        }
        uint256 size = _terms.committeeSize < count ? _terms.committeeSize : count;
        drawn = new address[](size);
        for (uint256 i = 0; i < size; i++) {
            uint256 j = i + uint256(keccak256(abi.encode(seed, i))) % (count - i);
            drawn[i] = others[j];
            others[j] = others[i];
        }
    }
}
