"""Configuration: of the chain, where every default is a constant so that two runs are equal, and of
the host it runs on, which changes no block.
"""

from dataclasses import dataclass, field
from pathlib import Path

from devnet.errors import ConfigError
from precompiles.gas import Schedule

DEFAULT_MNEMONIC = "test test test test test test test test test test test junk"
GENESIS_TIME = 1_700_000_000  # seconds since the epoch
WEI_PER_ETHER = 10**18
MAX_VALIDATORS = 256
DEFAULT_HARDFORK = "osaka"  # what a new chain follows from its first block on
ORDERS = ("fees", "fifo")  # by the highest tip, or as they come
RULES = ("replicate", "optimistic")  # how inferences are verified
MIN_BLOCK_GAS = 5_000_000  # gas; below it no contract can be deployed
MIN_DISPUTE_GAS = 2**24  # gas of a block in which any leaf of a dispute can be judged
MAX_POWER = 2**40  # of one validator at genesis


@dataclass(frozen=True, slots=True)
class Staking:
    """Terms of the staking contract, as the genesis block writes them into it."""

    unit_wei: int = WEI_PER_ETHER  # stake for one unit of power
    slash_basis_points: int = 500  # of stake that a punishment takes, in 1/10,000
    jail_blocks: int = 100  # before a punished validator may come back
    unbonding_blocks: int = 100_000  # between a withdrawal and its payment
    max_evidence_age: int = 100_000  # blocks; older misbehaviour is forgotten

    def __post_init__(self) -> None:
        _require("stake for a unit of power", self.unit_wei, 1, 2**96)
        _require("slashing", self.slash_basis_points, 0, 10_000)
        _require("jail", self.jail_blocks, 1, 2**32 - 1)
        _require("unbonding", self.unbonding_blocks, 0, 2**32 - 1)
        _require("evidence age", self.max_evidence_age, 1, 2**32 - 1)


@dataclass(frozen=True, slots=True)
class Optimistic:
    """Terms of the optimistic rule, as the genesis block writes them into its contract."""

    bond_wei: int = WEI_PER_ETHER  # of an executor, and of a challenger
    sample_basis_points: int = 10_000  # chance of a committee for a request, in 1/10,000
    committee: int = 2  # validators that run such a request again
    window_blocks: int = 16  # after a post for challenges, after a request for posts
    move_blocks: int = 4  # for each move in a dispute

    def __post_init__(self) -> None:
        _require("bond", self.bond_wei, 1, 2**96)
        _require("sampling in 1/10,000", self.sample_basis_points, 0, 10_000)
        _require("committee", self.committee, 1, MAX_VALIDATORS)
        _require("challenge window", self.window_blocks, 2, 128)  # BLOCKHASH sees 256
        _require("blocks for a move", self.move_blocks, 2, 128)


@dataclass(frozen=True, slots=True)
class Config:
    """What a chain is made from; anything that changes a block hash stands here."""

    validators: int = 4
    seed: int = 0
    chain_id: int = 31337
    mnemonic: str = DEFAULT_MNEMONIC
    accounts: int = 10
    balance_wei: int = 10_000 * WEI_PER_ETHER
    block_gas_limit: int = 30_000_000
    block_time_s: int = 1  # seconds between block timestamps
    genesis_time_s: int = GENESIS_TIME
    base_fee_wei: int = 10**9
    schedule: Schedule = field(default_factory=Schedule)
    hardfork: str = DEFAULT_HARDFORK  # as `devnet.chain.forks.fork` names them
    caps_transaction_gas: bool = True  # EIP-7825, from Osaka on
    order: str = ORDERS[0]  # of transactions in a block
    powers: tuple[int, ...] = ()  # of the first validators; the others have 1
    staking: Staking = field(default_factory=Staking)
    agreement: str = "exact"  # as `devnet.consensus.agreement` names rules
    reports_evidence: bool = True  # proposers bring what they have seen to the staking contract
    rule: str = RULES[0]
    optimistic: Optimistic = field(default_factory=Optimistic)

    def __post_init__(self) -> None:
        _require("validators", self.validators, 1, MAX_VALIDATORS)
        _require("accounts", self.accounts, 0, 1_000)
        _require("chain id", self.chain_id, 1, 2**63 - 1)
        _require("block time", self.block_time_s, 1, 10**6)
        _require("seed", self.seed, 0, 2**63 - 1)
        _require("balance", self.balance_wei, 0, 2**128 - 1)
        _require("genesis time", self.genesis_time_s, 0, 2**63 - 1)
        _require("base fee", self.base_fee_wei, 0, 2**63 - 1)
        if self.order not in ORDERS:
            raise ConfigError(f"order is {self.order!r}; use {' or '.join(ORDERS)}")
        if self.rule not in RULES:
            raise ConfigError(f"rule is {self.rule!r}; use {' or '.join(RULES)}")
        least = MIN_DISPUTE_GAS if self.is_optimistic else MIN_BLOCK_GAS
        _require("block gas limit", self.block_gas_limit, least, 2**63 - 1)
        if self.is_optimistic:
            _require("bond", self.optimistic.bond_wei, 1, self.balance_wei)  # of each validator too
        for index, power in enumerate(self.powers):
            _require(f"power of v{index}", power, 0, MAX_POWER)
        if len(self.powers) > self.validators:
            raise ConfigError(f"{len(self.powers)} powers for {self.validators} validators")
        if not any(self.all_powers):
            raise ConfigError("no validator has power; give one at least 1")

    @property
    def is_optimistic(self) -> bool:
        """Whether inferences can be asked for that one validator runs and others may dispute."""
        return self.rule == "optimistic"

    @property
    def all_powers(self) -> tuple[int, ...]:
        """Of every validator, zero for one that may join later."""
        return self.powers + (1,) * (self.validators - len(self.powers))


@dataclass(frozen=True, slots=True)
class Host:
    """How this machine runs the chain; nothing here changes a block hash."""

    data_dir: Path | None = None  # models are kept here, in memory if not given
    isolate: bool = False  # run models in a worker process under the two limits
    memory_bytes: int = 1 << 30  # beyond what the loaded runtime has
    time_s: float = 10.0  # wall clock of one inference


def _require(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} is {value}; use {low} to {high}")
