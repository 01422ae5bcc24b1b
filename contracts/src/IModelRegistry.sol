// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice Declared type of one input or output of a model.
/// @param name Name in the ONNX graph.
/// @param dtype ONNX element type code.
/// @param shape Dimensions, outermost first; empty for a scalar.
struct TensorType {
    string name;
    uint8 dtype;
    uint32[] shape;
}

/// @notice What the chain knows of a model.
/// @param id SHA-256 of the model's bytes.
/// @param profile Determinism class: 0 exact, 1 portable, 2 pinned.
/// @param owner Account that registered the model.
/// @param sizeBytes Length of the model's bytes.
/// @param macs Multiply-adds of one run.
/// @param moved Bytes moved by element-wise work of one run.
/// @param peakBytes Peak memory of tensors during one run.
/// @param inputs Input types, in declared order.
/// @param outputs Output types, in declared order.
struct Manifest {
    bytes32 id;
    uint8 profile;
    address owner;
    uint64 sizeBytes;
    uint64 macs;
    uint64 moved;
    uint64 peakBytes;
    TensorType[] inputs;
    TensorType[] outputs;
}

/// @title Models the chain knows, by id and by alias.
/// @notice A precompile. Failures revert with Error(string).
interface IModelRegistry {
    /// @notice A model was admitted and its manifest stored.
    event ModelRegistered(bytes32 indexed id, address indexed owner, uint8 profile);

    /// @notice An alias was set to a model.
    event AliasSet(string name, bytes32 indexed id, address indexed owner);

    /// @notice Registers a model; every validator runs admission on its bytes.
    function register(bytes32 id) external;

    /// @notice Makes `name` an alias of a registered model.
    function setAlias(string calldata name, bytes32 id) external;

    /// @notice Manifest of a registered model; reverts if the chain does not know the id.
    function manifest(bytes32 id) external view returns (Manifest memory);

    /// @notice Id that an alias stands for; reverts if the alias is not set.
    function resolve(string calldata name) external view returns (bytes32 id);
}

/// @dev The precompile's address on every devnet chain.
IModelRegistry constant MODEL_REGISTRY = IModelRegistry(address(0xF8));
