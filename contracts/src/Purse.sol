// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IOptimisticInference} from "./IOptimisticInference.sol";

/// @title Money that leaves the contract, and what stays in it for good.
abstract contract Purse is IOptimisticInference {
    uint256 private constant PAYMENT_GAS = 30_000; // a receiver cannot hold up a verdict

    uint256 public burnt;
    mapping(address => uint256) public credit;

    function claim() external {
        uint256 amount = credit[msg.sender];
        if (amount == 0) revert NothingToClaim();
        credit[msg.sender] = 0;
        (bool paid,) = msg.sender.call{value: amount}("");
        if (!paid) revert PaymentFailed(msg.sender);
    }

    function _burn(uint256 amount) internal {
        burnt += amount;
    }

    /// @dev What a receiver does not take it may claim.
    function _pay(address to, uint256 amount) internal {
        if (amount == 0) return;
        (bool paid,) = to.call{value: amount, gas: PAYMENT_GAS}("");
        if (!paid) credit[to] += amount;
    }
}
