// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Tensor} from "./IInference.sol";

/// @notice Rules of the optimistic chain, fixed in the genesis block.
/// @param bondWei What an executor and a challenger each put at stake.
/// @param sampleBasisPoints Chance that a committee runs a request again, in 1/10,000.
/// @param committeeSize Validators in a committee.
/// @param windowBlocks Blocks after a post in which it may be challenged, and after a request in
/// which it may be posted.
/// @param moveBlocks Blocks that a party to a dispute has for each move.
struct OptimisticTerms {
    uint128 bondWei;
    uint16 sampleBasisPoints;
    uint16 committeeSize;
    uint32 windowBlocks;
    uint32 moveBlocks;
}

/// @notice Where a request stands.
enum Status {
    Unknown,
    Open,
    Posted,
    Disputed,
    Final,
    Expired
}

/// @notice Whom the judged operator proves right.
enum Verdict {
    Executor,
    Challenger,
    Neither
}

/// @notice One inference that is asked for.
/// @param operators Leaves of its trace.
/// @param callbackGas Gas of the requester's callback, 0 for none.
/// @param attempt How many executors were refuted before.
/// @param openedAt Block since which it waits for an executor.
/// @param postedAt Block of the post, whose hash draws the committee.
/// @param deadline Last block for a challenge of what is posted.
/// @param inputDigest Keccak of abi.encode(Tensor[]) of the inputs.
/// @param outputDigest The same of the outputs that are claimed, or final.
/// @param root Of the executor's trace.
struct Request {
    address requester;
    uint64 openedAt;
    uint32 callbackGas;
    address executor;
    uint64 postedAt;
    uint32 attempt;
    Status status;
    uint128 fee;
    uint64 deadline;
    uint32 operators;
    bytes32 model;
    bytes32 inputDigest;
    bytes32 outputDigest;
    bytes32 root;
}

/// @notice A dispute under way.
/// @param level Rounds that are left.
/// @param index Path so far; at level 0 the operator in dispute.
/// @param deadline Last block for the next move.
/// @param executorMoves Whether the executor is next; at level 0 anybody may bring the leaf.
/// @param challengerRoot Of the challenger's trace.
/// @param executorNode Node of the executor's tree in which the traces part.
/// @param challengerNode The other party's at the same place.
/// @param left What the executor has just opened its node into, waiting for the challenger's.
struct Dispute {
    address challenger;
    uint32 level;
    uint32 index;
    bool executorMoves;
    uint64 deadline;
    bytes32 challengerRoot;
    bytes32 executorNode;
    bytes32 challengerNode;
    bytes32 left;
    bytes32 right;
}

/// @notice Operands that both parties agree on.
/// @param source 0 for the request's inputs, k + 1 for the results of operator k.
/// @param siblings From the leaf of operator k to the root of either party, lowest first.
struct Known {
    uint256 source;
    Tensor[] tensors;
    bytes32[] siblings;
}

/// @title What a contract that asks for an inference may implement.
interface IInferenceConsumer {
    /// @notice Called once when an answer is final; check that the sender is the contract below.
    function onInference(uint256 id, Tensor[] calldata outputs) external;
}

/// @title Inference that one validator runs and others may dispute.
interface IOptimisticInference {
    event Requested(
        uint256 indexed id,
        address indexed requester,
        bytes32 indexed model,
        uint256 fee,
        Tensor[] inputs
    );
    event Posted(
        uint256 indexed id,
        address indexed executor,
        bytes32 root,
        uint256 deadline,
        Tensor[] outputs
    );
    event Challenged(uint256 indexed id, address indexed challenger, bytes32 root);
    event Bisected(
        uint256 indexed id,
        address indexed party,
        uint256 level,
        uint256 index,
        bytes32 left,
        bytes32 right
    );
    event Judged(
        uint256 indexed id,
        uint256 operator,
        bytes32 leaf,
        bytes32 executorLeaf,
        bytes32 challengerLeaf,
        Verdict verdict
    );
    event TimedOut(uint256 indexed id, Verdict verdict);
    event Slashed(uint256 indexed id, address indexed loser, uint256 amount);
    event Rewarded(uint256 indexed id, address indexed winner, uint256 amount);
    event Finalized(uint256 indexed id, address indexed executor, bytes32 outputDigest);
    event CalledBack(uint256 indexed id, bool succeeded);
    event Expired(uint256 indexed id);

    error WrongStatus(uint256 id, Status status);
    error NotTheExecutor(address sender, address executor);
    error NotYourMove(address sender);
    error WrongBond(uint256 given, uint256 bond);
    error WrongProof(bytes32 found, bytes32 root);
    error WrongTensors(bytes32 found, bytes32 expected);
    error NotAgreed(uint256 source);
    error SameRoot(bytes32 root);
    error OwnPost(address executor);
    error TooLate(uint256 deadline);
    error TooEarly(uint256 deadline);
    error TooMuchGas(uint256 asked, uint256 limit);
    error NotEnoughGas(uint256 left, uint256 needed);
    error NothingToClaim();
    error PaymentFailed(address to);

    /// @notice Asks for an inference; the value is the executor's fee, returned if nobody answers.
    /// @param callbackGas Gas of `onInference` on the sender when the answer is final, 0 for none.
    function request(bytes32 model, Tensor[] calldata inputs, uint32 callbackGas)
        external
        payable
        returns (uint256 id);

    /// @notice The executor's claim, with the bond as value.
    /// @param lastResults Digest of the last operator's results.
    /// @param siblings From the last operator's leaf to the root: binds outputs and operator count.
    function post(
        uint256 id,
        Tensor[] calldata outputs,
        bytes32 root,
        bytes32 lastResults,
        bytes32[] calldata siblings
    ) external payable;

    /// @notice Disputes a post with another trace, with the bond as value; anybody may.
    function challenge(uint256 id, bytes32 root) external payable;

    /// @notice Opens the own node in dispute into its two children, the executor first.
    function bisect(uint256 id, bytes32 left, bytes32 right) external;

    /// @notice Brings the operands of the operator in dispute; every validator executes it.
    /// @param known Its sources in ascending order; none if the leaf is padding.
    function judge(uint256 id, Known[] calldata known) external;

    /// @notice Ends a dispute whose next move is overdue, against whoever should have moved.
    function timeout(uint256 id) external;

    /// @notice Settles what nobody refuted in time: an inference receipt of mode 3 for the
    /// requester, and its callback.
    function finalize(uint256 id, Tensor[] calldata inputs, Tensor[] calldata outputs) external;

    /// @notice Returns the fee of a request that no executor answered in time.
    function expire(uint256 id) external;

    /// @notice Pays the sender what could not be sent.
    function claim() external;

    /// @notice For those who poll: the digest is final with Status.Final, and only then.
    function result(uint256 id) external view returns (Status, bytes32 outputDigest);

    /// @notice Who may post now: validators in turn, the next after every `moveBlocks`.
    function executorOf(uint256 id) external view returns (address);

    /// @notice Validators that have to run a post again, drawn by the hash of its block; empty if
    /// chance spares it. Known from the next block on, for 256 blocks.
    function committeeOf(uint256 id) external view returns (address[] memory);

    function requestOf(uint256 id) external view returns (Request memory);

    function disputeOf(uint256 id) external view returns (Dispute memory);

    /// @notice Requests so far; ids count from 1.
    function requests() external view returns (uint256);

    function terms() external view returns (OptimisticTerms memory);

    function credit(address account) external view returns (uint256);

    /// @notice Wei of slashed bonds that nobody got.
    function burnt() external view returns (uint256);
}

/// @dev The contract's address on chains with the optimistic rule.
IOptimisticInference constant OPTIMISTIC_INFERENCE = IOptimisticInference(address(0x1001));
