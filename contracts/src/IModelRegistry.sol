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
/// @param dimensions Sizes given to dynamic dimensions when the model was registered.
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
    Dimension[] dimensions;
}

/// @notice Size of a dynamic dimension.
/// @param name Its name in the ONNX graph, or input:axis.
/// @param size Number of elements along it.
struct Dimension {
    string name;
    uint32 size;
}

/// @notice One version of a repository of models.
/// @param name Repository; belongs to its first publisher.
/// @param version Major and minor as in 1.00; empty to publish the next one.
/// @param fileName Name of the model file.
/// @param description What the model does.
/// @param task Kind of task, such as image-classification.
/// @param licence Licence of the model.
/// @param tags Words to find it by.
struct Release {
    string name;
    string version;
    string fileName;
    string description;
    string task;
    string licence;
    string[] tags;
}

/// @title Models the chain knows, by id and by alias.
/// @notice A precompile. Failures revert with Error(string).
interface IModelRegistry {
    /// @notice A model was admitted and its manifest stored.
    event ModelRegistered(bytes32 indexed id, address indexed owner, uint8 profile);

    /// @notice An alias was set to a model.
    event AliasSet(string name, bytes32 indexed id, address indexed owner);

    /// @notice A release of a registered model was published.
    event ReleasePublished(bytes32 indexed id, address indexed owner, string name, string version);

    /// @notice Registers a model; every validator runs admission on its bytes.
    function register(bytes32 id) external;

    /// @notice Registers a model with dynamic dimensions, which get these sizes for good.
    function registerBound(bytes32 id, Dimension[] calldata dimensions) external;

    /// @notice Publishes a release of a registered model; releases never change.
    function publish(bytes32 id, Release calldata details) external returns (string memory version);

    /// @notice A release, the latest if `version` is empty; reverts if there is none.
    function release(string calldata name, string calldata version)
        external
        view
        returns (bytes32 id, Release memory details);

    /// @notice Makes `name` an alias of a registered model.
    function setAlias(string calldata name, bytes32 id) external;

    /// @notice Manifest of a registered model; reverts if the chain does not know the id.
    function manifest(bytes32 id) external view returns (Manifest memory);

    /// @notice Id that an alias stands for; reverts if the alias is not set.
    function resolve(string calldata name) external view returns (bytes32 id);
}

/// @dev The precompile's address on every devnet chain.
IModelRegistry constant MODEL_REGISTRY = IModelRegistry(address(0xF8));
