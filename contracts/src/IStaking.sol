// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @notice One validator of the set, in the order in which certificates list their votes.
/// @param account Address of the key that it signs with.
/// @param power Voting power, never zero.
struct Member {
    address account;
    uint96 power;
}

/// @notice What the chain knows of a validator, in the set or not.
/// @param stake Wei that count for its power.
/// @param unbonding Wei that were withdrawn and can still be slashed.
/// @param releasedAt First block in which they can be claimed.
/// @param jailed Whether it is kept out of the set until it is unjailed.
/// @param jailedUntil First block in which that may be.
/// @param leftAt Latest block in which it left the set.
/// @param slashed Wei that were ever taken from it.
struct Account {
    uint256 stake;
    uint256 unbonding;
    uint64 releasedAt;
    bool jailed;
    uint64 jailedUntil;
    uint64 leftAt;
    uint256 slashed;
}

/// @notice Rules of staking, fixed in the genesis block.
/// @param unitWei Wei of stake for one unit of power.
/// @param slashBasisPoints What a punishment takes, in 1/10,000 of stake and unbonding.
/// @param jailBlocks Blocks before a jailed validator may be unjailed.
/// @param unbondingBlocks Blocks between a withdrawal and its payment.
/// @param maxEvidenceAge Blocks after which misbehaviour is forgotten.
struct Terms {
    uint128 unitWei;
    uint16 slashBasisPoints;
    uint32 jailBlocks;
    uint32 unbondingBlocks;
    uint32 maxEvidenceAge;
}

/// @notice A set and the first block it signs; of several with one first block the last one does.
struct Epoch {
    bytes32 setHash;
    uint256 firstHeight;
}

/// @notice What a validator signs about one height and round.
enum Step {
    Proposal,
    Prevote,
    Precommit
}

/// @notice One signed statement, as `devnet/consensus` defines its digest.
/// @param value Block hash, zero for nil.
/// @param polRound Round whose polka justifies it, -1 for none and for precommits.
/// @param fingerprint Of the engine that executed the block; precommits only.
/// @param validatorsHash Hash of the set of its height.
/// @param signature 65 bytes: r, s, recovery id.
struct Statement {
    Step step;
    uint64 height;
    uint32 round;
    bytes32 value;
    int64 polRound;
    bytes32 fingerprint;
    bytes32 validatorsHash;
    bytes signature;
}

/// @notice What a validator is punished for, once for each height.
enum Misbehaviour {
    DuplicateVote,
    DuplicateProposal,
    Amnesia,
    WrongResult
}

/// @title Validators, their stake and their punishment.
/// @notice A contract in the genesis block. What it says after block h holds from block h + 2 on.
interface IStaking {
    event Deposited(address indexed validator, address indexed from, uint256 amount);
    event Withdrawn(address indexed validator, uint256 amount, uint256 releasedAt);
    event Claimed(address indexed validator, uint256 amount);
    event PowerChanged(address indexed validator, uint256 power, bytes32 setHash);
    event Slashed(
        address indexed validator, uint256 indexed height, Misbehaviour misbehaviour, uint256 amount
    );
    event Jailed(address indexed validator, uint256 until);
    event Unjailed(address indexed validator);
    /// @notice Validators refuse a block with this event if their own execution does not confirm it.
    event WrongResultReported(
        address indexed validator, uint256 indexed height, bytes32 indexed blockHash
    );

    error NothingGiven();
    error NotEnough(uint256 asked, uint256 available);
    error NotBefore(uint256 blockNumber);
    error NotJailed(address validator);
    error LastMember();
    error TooManyMembers(uint256 limit);
    error TooMuchPower(uint256 total, uint256 limit);
    error TooMuchChange(uint256 change, uint256 limit);
    error LeftInThisBlock(address validator);
    error PaymentFailed(address to);
    error BadSignature();
    error DifferentSigners(address first, address second);
    error DifferentPlaces();
    error SameContent();
    error NoContradiction();
    error NotAValidator(address account);
    error UnknownSet(bytes32 validatorsHash, uint256 height);
    error FutureHeight(uint256 height);
    error TooOld(uint256 height, uint256 oldest);
    error AlreadyPunished(address validator, uint256 height, Misbehaviour misbehaviour);
    error NotTheProposer(address sender, address proposer);
    error OtherHeader(bytes32 found, bytes32 signed);

    /// @notice Adds stake to a validator; with enough for a unit of power it joins the set.
    function deposit(address validator) external payable;

    /// @notice Takes stake out of the sender's power at once; `claim` pays it later.
    function withdraw(uint256 amount) external;

    /// @notice Pays what was withdrawn, when its time has come.
    function claim() external;

    /// @notice Ends a validator's jail when its time is over; anybody may ask.
    function unjail(address validator) external;

    /// @notice Two votes or two proposals of one validator in one height, round and step.
    function reportDuplicate(Statement calldata first, Statement calldata second) external;

    /// @notice A precommit, and a later prevote for another value with an older justification.
    function reportAmnesia(Statement calldata lock, Statement calldata vote) external;

    /// @notice A statement for a block whose execution gives something else than its header says.
    /// @dev Only the block's proposer, with a transaction of its own: the other validators execute
    /// the reported block again, and refuse the block of the report if they find what was signed.
    /// @param header RLP of the block's header, of which `statement.value` is the hash.
    /// @param body RLP list of the block's transactions.
    function reportWrongResult(
        Statement calldata statement,
        bytes calldata header,
        bytes calldata body
    ) external;

    /// @notice The set that signs from block `block.number + 2` on.
    function validators() external view returns (Member[] memory);

    /// @notice Voting power in that set, zero for a stranger.
    function power(address validator) external view returns (uint256);

    function totalPower() external view returns (uint256);

    /// @notice Keccak over the words (address, power) of the members in order.
    function setHash() external view returns (bytes32);

    function account(address validator) external view returns (Account memory);

    function jailed(address validator) external view returns (bool);

    function slashed(address validator) external view returns (uint256);

    function punished(address validator, uint256 height, Misbehaviour misbehaviour)
        external
        view
        returns (bool);

    function terms() external view returns (Terms memory);

    /// @notice Number of sets there ever were.
    function epochs() external view returns (uint256);

    /// @notice One of them, the genesis set at index 0.
    function epoch(uint256 index) external view returns (Epoch memory);
}

/// @dev The contract's address on every devnet chain.
IStaking constant STAKING = IStaking(address(0x1000));
