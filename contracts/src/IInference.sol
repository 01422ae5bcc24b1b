// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice One tensor. `data` holds the elements little endian, row major.
/// @param dtype ONNX element type code (1 float32, 2 uint8, 3 int8, 6 int32, 7 int64, 11 float64, ...).
/// @param shape Dimensions, outermost first; empty for a scalar.
struct Tensor {
    uint8 dtype;
    uint32[] shape;
    bytes data;
}

/// @title Runs registered ONNX models inside the transaction.
/// @notice A precompile. Failures revert with Error(string).
interface IInference {
    /// @notice Runs a model once; every validator re-executes the call.
    /// @param model Model id: SHA-256 of the model's bytes.
    /// @param inputs One tensor per input of the model, in the model's declared order.
    /// @return outputs One tensor per output of the model, in the model's declared order.
    function infer(bytes32 model, Tensor[] calldata inputs)
        external
        view
        returns (Tensor[] memory outputs);

    /// @notice Gas that `infer` charges for the same arguments, without running the model.
    function quote(bytes32 model, Tensor[] calldata inputs) external view returns (uint256 gas);
}

/// @dev The precompile's address on every devnet chain.
IInference constant INFERENCE = IInference(address(0xF7));
