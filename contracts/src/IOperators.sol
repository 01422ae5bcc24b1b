// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Tensor} from "./IInference.sol";

/// @title One operator of a registered model, executed by every validator.
/// @notice A precompile of chains with the optimistic rule. Failures revert with Error(string).
interface IOperators {
    /// @notice Operators of a model; reverts if no dispute about it can be judged: it is pinned, or
    /// an operator reads more than a transaction can bring.
    function count(bytes32 model) external view returns (uint256);

    /// @notice Executes one operator.
    /// @param index Its place in topological order, as the model's file lists it.
    /// @param sources What it reads, ascending: 0 for the model's inputs, k + 1 for the results of
    /// operator k. The last operator counts as reading what the model's outputs are made of.
    /// @param operands All tensors of these sources, in their order.
    /// @return leaf Its leaf in the trace of a right run, zero if it has no answer to the operands.
    function execute(
        bytes32 model,
        uint256 index,
        uint256[] calldata sources,
        Tensor[] calldata operands
    ) external view returns (bytes32 leaf);

    /// @notice Reverts unless tensors have the types and shapes of the model's outputs.
    function check(bytes32 model, Tensor[] calldata outputs) external view;

    /// @notice Makes an inference receipt, for the contract of the optimistic rule alone.
    function settle(
        bytes32 model,
        address requester,
        Tensor[] calldata inputs,
        Tensor[] calldata outputs
    ) external;
}

/// @dev The precompile's address on chains with the optimistic rule.
IOperators constant OPERATORS = IOperators(address(0xFA));
