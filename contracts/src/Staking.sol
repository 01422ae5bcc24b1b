// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Account, IStaking, Misbehaviour, Statement, Step} from "./IStaking.sol";
import {Statements} from "./Statements.sol";
import {ValidatorSet} from "./ValidatorSet.sol";

/// @title Stake of validators: deposits, withdrawals, evidence, slashing and jail.
contract Staking is IStaking, ValidatorSet {
    using Statements for Statement;

    mapping(bytes32 => bool) private _punished; // by validator, height and misbehaviour

    function jailed(address validator) external view returns (bool) {
        return _accounts[validator].jailed;
    }

    function slashed(address validator) external view returns (uint256) {
        return _accounts[validator].slashed;
    }

    function punished(address validator, uint256 height, Misbehaviour misbehaviour)
        external
        view
        returns (bool)
    {
        return _punished[_key(validator, height, misbehaviour)];
    }

    function deposit(address validator) external payable {
        if (msg.value == 0) revert NothingGiven();
        _accounts[validator].stake += msg.value;
        emit Deposited(validator, msg.sender, msg.value);
        _updatePower(validator);
    }

    function withdraw(uint256 amount) external {
        Account storage own = _accounts[msg.sender];
        if (amount == 0) revert NothingGiven();
        if (amount > own.stake) revert NotEnough(amount, own.stake);
        own.stake -= amount;
        own.unbonding += amount;
        own.releasedAt = uint64(block.number + _terms.unbondingBlocks);
        emit Withdrawn(msg.sender, amount, own.releasedAt);
        _updatePower(msg.sender);
    }

    function claim() external {
        Account storage own = _accounts[msg.sender];
        uint256 amount = own.unbonding;
        if (amount == 0) revert NotEnough(0, 0);
        if (block.number < own.releasedAt) revert NotBefore(own.releasedAt);
        own.unbonding = 0;
        emit Claimed(msg.sender, amount);
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed(msg.sender);
    }

    function unjail(address validator) external {
        Account storage known = _accounts[validator];
        if (!known.jailed) revert NotJailed(validator);
        if (block.number < known.jailedUntil) revert NotBefore(known.jailedUntil);
        known.jailed = false;
        emit Unjailed(validator);
        _updatePower(validator);
    }

    function reportDuplicate(Statement calldata first, Statement calldata second) external {
        address culprit = first.commonSigner(second);
        first.requireDuplicate(second);
        Misbehaviour what = first.step == Step.Proposal
            ? Misbehaviour.DuplicateProposal
            : Misbehaviour.DuplicateVote;
        _punish(culprit, first, what);
    }

    function reportAmnesia(Statement calldata lock, Statement calldata vote) external {
        address culprit = lock.commonSigner(vote);
        lock.requireAmnesia(vote);
        _punish(culprit, lock, Misbehaviour.Amnesia);
    }

    function reportWrongResult(
        Statement calldata statement,
        bytes calldata header,
        bytes calldata
    ) external {
        if (msg.sender != block.coinbase || msg.sender != tx.origin) {
            revert NotTheProposer(msg.sender, block.coinbase);
        }
        bytes32 found = keccak256(header);
        if (found != statement.value) revert OtherHeader(found, statement.value);
        address culprit = statement.signer();
        emit WrongResultReported(culprit, statement.height, statement.value);
        _punish(culprit, statement, Misbehaviour.WrongResult);
    }

    function _punish(address culprit, Statement calldata said, Misbehaviour what) private {
        _requireCurrent(said);
        bytes32 key = _key(culprit, said.height, what);
        if (_punished[key]) revert AlreadyPunished(culprit, said.height, what);
        _punished[key] = true;
        Account storage known = _accounts[culprit];
        if (known.stake + known.unbonding == 0) revert NotAValidator(culprit);
        uint256 fromStake = known.stake * _terms.slashBasisPoints / 10_000;
        uint256 fromUnbonding = known.unbonding * _terms.slashBasisPoints / 10_000;
        known.stake -= fromStake;
        known.unbonding -= fromUnbonding;
        known.slashed += fromStake + fromUnbonding; // stays here for good
        known.jailed = true;
        known.jailedUntil = uint64(block.number + _terms.jailBlocks);
        emit Slashed(culprit, said.height, what, fromStake + fromUnbonding);
        emit Jailed(culprit, known.jailedUntil);
        _expel(culprit);
    }

    /// @dev Evidence of a height that has begun, is not forgotten, and was signed by its set.
    function _requireCurrent(Statement calldata said) private view {
        if (said.height > block.number) revert FutureHeight(said.height);
        uint256 age = block.number - said.height;
        if (age > _terms.maxEvidenceAge) {
            revert TooOld(said.height, block.number - _terms.maxEvidenceAge);
        }
        if (!_isSetOf(said.validatorsHash, said.height)) {
            revert UnknownSet(said.validatorsHash, said.height);
        }
    }

    function _key(address validator, uint256 height, Misbehaviour what)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(validator, height, what));
    }
}
