// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Account, Epoch, IStaking, Member, Terms} from "./IStaking.sol";

/// @title Members, their order and the history of sets.
/// @dev The first slots are read from state proofs: devnet/consensus/staking.py knows their places.
abstract contract ValidatorSet is IStaking {
    uint256 internal constant DELAY = 2; // blocks between a change and its effect
    uint256 private constant MAX_MEMBERS = 256;
    uint256 private constant MAX_TOTAL_POWER = 2 ** 60;

    bytes32 public setHash; // slot 0
    uint256 public totalPower; // slot 1
    Member[] private _members; // slot 2: power << 160 | address
    Epoch[] private _epochs; // slot 3
    Terms internal _terms; // slot 4
    mapping(address => Account) internal _accounts; // slot 5

    function validators() external view returns (Member[] memory) {
        return _members;
    }

    function power(address validator) public view returns (uint256) {
        (bool found, uint256 index) = _find(validator);
        return found ? _members[index].power : 0;
    }

    function epochs() external view returns (uint256) {
        return _epochs.length;
    }

    function epoch(uint256 index) external view returns (Epoch memory) {
        return _epochs[index];
    }

    function account(address validator) external view returns (Account memory) {
        return _accounts[validator];
    }

    function terms() external view returns (Terms memory) {
        return _terms;
    }

    /// @dev A change that its owner wants: at most a third of the power at once.
    function _updatePower(address validator) internal {
        Account storage known = _accounts[validator];
        uint256 before = power(validator);
        uint256 wanted = known.jailed ? 0 : known.stake / _terms.unitWei;
        if (wanted == before) return;
        if (wanted == 0 && _members.length == 1) revert LastMember();
        if (wanted > MAX_TOTAL_POWER) revert TooMuchPower(wanted, MAX_TOTAL_POWER);
        uint256 change = wanted > before ? wanted - before : before - wanted;
        uint256 limit = totalPower < 3 ? 1 : totalPower / 3;
        if (change > limit) revert TooMuchChange(change, limit);
        _setPower(validator, wanted);
    }

    /// @dev A punishment: no limit, but somebody has to sign the next block.
    function _expel(address validator) internal {
        (bool found,) = _find(validator);
        if (found && _members.length > 1) _setPower(validator, 0);
    }

    /// @dev Whether the set that signed this height had this hash.
    function _isSetOf(bytes32 hash, uint256 height) internal view returns (bool) {
        uint256 low = 0; // the genesis set signs from the beginning
        uint256 high = _epochs.length;
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            if (_epochs[middle].firstHeight <= height) low = middle;
            else high = middle;
        }
        return _epochs[low].setHash == hash;
    }

    function _setPower(address validator, uint256 wanted) private {
        (bool found, uint256 index) = _find(validator);
        uint256 total = totalPower + wanted - (found ? _members[index].power : 0);
        if (total > MAX_TOTAL_POWER) revert TooMuchPower(total, MAX_TOTAL_POWER);
        if (!found) {
            if (_members.length == MAX_MEMBERS) revert TooManyMembers(MAX_MEMBERS);
            uint256 leftAt = _accounts[validator].leftAt; // zero: never
            if (leftAt != 0 && leftAt == block.number) revert LeftInThisBlock(validator);
            _members.push(Member(validator, uint96(wanted)));
        } else if (wanted == 0) {
            for (uint256 next = index + 1; next < _members.length; next++) {
                _members[next - 1] = _members[next];
            }
            _members.pop();
            _accounts[validator].leftAt = uint64(block.number);
        } else {
            _members[index].power = uint96(wanted);
        }
        totalPower = total;
        setHash = _computeSetHash();
        _epochs.push(Epoch(setHash, block.number + DELAY)); // of several in a block the last holds
        emit PowerChanged(validator, wanted, setHash);
    }

    function _computeSetHash() private view returns (bytes32) {
        Member[] memory members = _members;
        bytes32[] memory words = new bytes32[](2 * members.length);
        for (uint256 index = 0; index < members.length; index++) {
            words[2 * index] = bytes32(uint256(uint160(members[index].account)));
            words[2 * index + 1] = bytes32(uint256(members[index].power));
        }
        return keccak256(abi.encodePacked(words));
    }

    function _find(address validator) private view returns (bool, uint256) {
        for (uint256 index = 0; index < _members.length; index++) {
            if (_members[index].account == validator) return (true, index);
        }
        return (false, 0);
    }
}
