// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Epoch, Member} from "./IStaking.sol";

/// @notice One precommit of a certificate.
/// @param fingerprint Of the engine that executed the block.
/// @param signature 65 bytes: r, s, recovery id 0 or 1.
struct Vote {
    address validator;
    bytes32 fingerprint;
    bytes signature;
}

/// @notice Precommits on one block hash, in the order of the validator set.
struct Certificate {
    uint256 height;
    uint256 round;
    bytes32 blockHash;
    Vote[] votes;
}

/// @notice One model call of a block; eleven words, the leaf of the inference root.
/// @param callIndex Of the inferences in its transaction, in order of execution.
/// @param inputDigest Keccak of abi.encode(Tensor[]) of the inputs; the output's alike.
/// @param reverted Its frame, or one above it, failed later.
struct InferenceReceipt {
    uint256 blockNumber;
    bytes32 transactionHash;
    uint256 transactionIndex;
    uint256 callIndex;
    address caller;
    bytes32 modelId;
    uint256 mode;
    bytes32 inputDigest;
    bytes32 outputDigest;
    uint256 gasUsed;
    bool reverted;
}

/// @notice Where the receipt stands among the `count` of its block, and its siblings from below.
struct MerklePath {
    uint256 index;
    uint256 count;
    bytes32[] siblings;
}

/// @notice A proof bundle without its tensors and model.
/// @param header RLP of the block's header.
/// @param validators The set that signs the block, in its order.
struct Bundle {
    uint256 chainId;
    bytes header;
    Certificate certificate;
    Member[] validators;
    InferenceReceipt receipt;
    MerklePath path;
}

/// @notice What a bundle proves beside its receipt.
struct Verified {
    bytes32 setHash;
    bytes32 blockHash;
    uint256 signedPower;
    uint256 totalPower;
    bytes32 inferenceRoot;
}

/// @notice A change of the set: storage of the staking contract after a block that the set signs.
/// @param accountProof Nodes of the state trie from its root to the staking contract.
/// @param storageProof Nodes of the contract's trie to slot 0, which holds the set's hash.
struct SetChange {
    bytes header;
    Certificate certificate;
    Member[] validators;
    bytes[] accountProof;
    bytes[] storageProof;
}

/// @title Proof bundles of a devnet chain, checked on another chain.
/// @notice A bundle that does not hold reverts with the error of the first step that fails. The
/// model is not run: more than 2/3 of the power have signed that they ran it.
interface IBundleVerifier {
    /// @notice From `firstHeight` on, until the next one, blocks are signed by this set.
    event SetTrusted(bytes32 indexed setHash, uint256 firstHeight);

    // what is trusted
    error WrongChain(uint256 found, uint256 trusted);
    error NotTrustedYet(uint256 height, uint256 firstTrusted);
    // step "validator set"
    error WrongSet(bytes32 found, bytes32 trusted);
    // step "block header"
    error BadHeader();
    error WrongHeader(bytes32 found, bytes32 certified);
    // step "signatures"
    error WrongHeight(uint256 certified, uint256 header);
    error CertifiesNothing();
    error RepeatedMember(address validator);
    error PowerlessMember(address validator);
    error NotInOrder(address validator);
    error WrongSignature(address validator);
    error NotEnoughPower(uint256 signed, uint256 total);
    // step "inference receipt"
    error WrongBlock(uint256 receipt, uint256 header);
    error BadPath(uint256 index, uint256 count, uint256 siblings);
    error WrongRoot(bytes32 found, bytes32 header);
    // changes of the set
    error BadStateProof();
    error NothingNew(bytes32 setHash, uint256 firstHeight);

    /// @notice Checks a bundle under the set that this contract trusts for its height.
    function verify(Bundle calldata bundle) external view returns (Verified memory);

    /// @notice Checks a bundle under a set that the caller trusts; nothing here is read.
    /// @param trustedSet Keccak over the words (address, power) of the members in order.
    function check(Bundle calldata bundle, bytes32 trustedSet)
        external
        pure
        returns (Verified memory);

    /// @notice Trusts the set that signs from two blocks after a proven one on; anybody may ask.
    function advance(SetChange calldata change) external;

    /// @notice The chain whose bundles are checked.
    function chainId() external view returns (uint256);

    /// @notice The set that is trusted for blocks of this height.
    function trustedSet(uint256 height) external view returns (bytes32);

    /// @notice Number of sets that are trusted, each for its heights.
    function epochs() external view returns (uint256);

    /// @notice One of them, oldest first.
    function epoch(uint256 index) external view returns (Epoch memory);
}
