"""class Node: the one object that RPC, CLI and Python users hold.

Knows no web3, no socket and no clock. One thread at a time may use it; others read what `freeze`
gives them.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from devnet.chain.account import DevAccount, derive_accounts
from devnet.chain.block import Execution
from devnet.chain.call import Call, CallResult, estimate_gas, execute_call
from devnet.chain.forks.blob import compute_blob_base_fee
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.chain.pool.admission import admit
from devnet.chain.pool.pool import Pool
from devnet.chain.pool.selection import Order, Selection, build_prices
from devnet.chain.template import build_child
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.config import Config, Host
from devnet.consensus.certificate import Certificate
from devnet.errors import (
    BadTransaction,
    HostError,
    NoQuorum,
    UnknownBlock,
    UnknownSnapshot,
)
from devnet.events import (
    BlockAdded,
    BlocksRemoved,
    Event,
    IntervalSet,
    Observer,
    TransactionSeen,
)
from devnet.timeline import Timeline
from devnet.validators.cluster import Cluster
from devnet.validators.misbehaviour import Behavior

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What `revert` goes back to."""

    number: int
    waiting: tuple[Transaction, ...]
    timeline: Timeline


class StateReader:
    """Storage of one block's state, for what the precompiles keep there."""

    def __init__(self, state: Any) -> None:
        self._state = state

    def load(self, address: bytes, slot: int) -> int:
        value: int = self._state.get_storage(address, slot)
        return value


class Node:
    """A running devnet: validators, decided chain, waiting transactions, unlocked accounts."""

    def __init__(
        self,
        config: Config | None = None,
        host: Host | None = None,
        origin: Origin | None = None,
    ) -> None:
        """
        Args:
            origin: a chain to go on with; its chain id and forks hold, not those of `config`.
        Raises: BadBlock, ConfigError if it cannot be gone on with.
        """
        self.config = config or Config()
        if origin is not None:
            self.config = replace(self.config, chain_id=origin.genesis.chain_id)
        self.accounts = derive_accounts(self.config.mnemonic, self.config.accounts)
        funded = [account.address for account in self.accounts]
        self.cluster = Cluster(self.config, funded, host or Host(), origin)
        self.history = History(self.cluster.base[0])
        for block in self.cluster.base[1:]:
            self.history.append(block)
        self.pool = Pool(order=Order(self.config.order))
        self.automine = True
        self.interval_s = 0.0  # seconds between blocks that a clock asks for, 0 for none
        self.timeline = Timeline(self.config.block_time_s)
        self.observers: list[Observer] = []
        self._snapshots: dict[int, Snapshot] = {}
        self._next_snapshot = 1

    def freeze(self) -> "Node":
        """The node as it is now, for other threads to read while this one goes on.

        Nothing may be sent to it or mined on it.
        """
        frozen = copy(self)
        frozen.history = self.history.freeze()
        frozen.pool = self.pool.freeze()
        frozen.cluster = self.cluster.freeze()
        return frozen

    @property
    def head(self) -> Execution:
        return self.history.head

    @property
    def next_base_fee(self) -> int:
        """Wei per gas of the next block."""
        return self.next_header.base_fee_per_gas

    @property
    def next_header(self) -> Header:
        """Header of the next block as far as it follows from the head; nobody is its proposer."""
        head, schedule = self.head, self.cluster.reader.world.schedule
        timestamp = self.timeline.compute_next(head.header.timestamp)
        return build_child(
            schedule, head.header, head.hash, timestamp=timestamp, coinbase=bytes(20)
        )

    @property
    def next_rules(self) -> Rules:
        """Rules that the next block follows."""
        return self.cluster.reader.world.schedule.find_rules(self.next_header)

    @property
    def next_blob_base_fee(self) -> int:
        """Wei per unit of blob gas of the next block."""
        return compute_blob_base_fee(self.next_header.excess_blob_gas, self.next_rules.blob)

    def find_account(self, address: bytes) -> DevAccount | None:
        """The unlocked account with this address."""
        return next((a for a in self.accounts if a.address == address), None)

    # state

    def open_state(self, number: int | None = None) -> Any:
        """State after a block, to read from."""
        block = self.head if number is None else self.history.get_block(number)
        world = self.cluster.reader.world
        return world.open(block.header.state_root, block.header)

    def open_storage(self, number: int | None = None) -> StateReader:
        return StateReader(self.open_state(number))

    def get_pending_nonce(self, address: bytes) -> int:
        """Next nonce of an account, waiting transactions counted."""
        return self.pool.get_next_nonce(address, self.open_state().get_nonce(address))

    def call(self, call: Call, number: int | None = None) -> CallResult:
        """Try a call on the state after a block. Raises what `execute_call` raises."""
        return self._try(execute_call, call, number)

    def estimate_gas(self, call: Call, number: int | None = None) -> int:
        """Least gas limit for a call. Raises what `estimate_gas` raises."""
        return self._try(estimate_gas, call, number)

    def _try(self, run: Callable[..., T], call: Call, number: int | None) -> T:
        block = self.head if number is None else self.history.get_block(number)
        ancestors = self.history.get_ancestors(block.header.number)
        return run(self.cluster.reader.world, block.header, ancestors, call)

    # transactions and blocks

    def send_raw(self, raw: bytes) -> bytes:
        """Take a signed transaction; with automine it is final when this returns.

        Returns: its hash.
        Raises: BadTransaction before it is taken; NoQuorum if the validators do not agree, then it
            waits; HostError if no validator can execute it, then it is dropped.
        """
        header = self.next_header
        rules = self.cluster.reader.world.schedule.find_rules(header)
        transaction = decode_transaction(raw, rules.fork)
        self.pool.reprice(header.base_fee_per_gas)
        admit(self.pool, transaction, self.open_state(), header, rules, at_once=self.automine)
        self._tell(TransactionSeen(transaction))
        if self.automine:
            left_out = self._mine_pool()
            if transaction.hash in left_out and not self.history.find_transaction(transaction.hash):
                raise left_out[transaction.hash]
        return transaction.hash

    def mine(self, count: int = 1) -> None:
        """Decide `count` blocks, empty ones too. Raises: NoQuorum."""
        for _ in range(count):
            self._advance(allow_empty=True)

    def set_automine(self, automine: bool) -> None:
        """A block for each transaction, at once; ends an interval."""
        self.automine = automine
        if automine:
            if self.interval_s:
                self.interval_s = 0.0
                self._tell(IntervalSet(0.0))
            self._mine_pool()

    def set_interval(self, seconds: float) -> None:
        """A block every so many seconds instead of one for each transaction; 0 ends that."""
        self.interval_s = seconds
        self.automine = False
        self._tell(IntervalSet(seconds))

    def increase_time(self, seconds: int) -> int:
        """The next block so much later. Returns: all that was added so far. Raises: ChainError."""
        self.timeline = self.timeline.shift(seconds, self.head.header.timestamp)
        return self.timeline.shifted_s

    def set_next_timestamp(self, timestamp: int) -> None:
        """Raises: ChainError if that is not after the head's."""
        self.timeline = self.timeline.set_next(timestamp, self.head.header.timestamp)

    def set_behavior(self, validator: str, behavior: Behavior) -> None:
        """Change what a validator does; transactions that waited for a quorum are tried again.

        If there is still no quorum they go on waiting, and `cluster.waiting` says why.
        """
        self.cluster.set_behavior(validator, behavior)
        if self.automine and self.cluster.waiting:
            with suppress(NoQuorum):
                self._mine_pool()

    def get_certificate(self, number: int) -> Certificate:
        """Certificate of a decided block.

        Raises: UnknownBlock; nobody here signed block 0 and what was imported.
        """
        self.history.get_block(number)
        decision = self.cluster.find_decision(number)
        if decision is None:
            what = f"block {number} was imported" if number else "block 0 is the genesis block"
            first = len(self.cluster.base)
            raise UnknownBlock(f"{what}: it has no certificate; the first that may is {first}")
        return decision.certificate

    # snapshots

    @property
    def snapshot_count(self) -> int:
        """Snapshots there is a way back to."""
        return len(self._snapshots)

    def snapshot(self) -> int:
        """Remember the chain as it is now."""
        number, self._next_snapshot = self._next_snapshot, self._next_snapshot + 1
        waiting = self.pool.all()
        self._snapshots[number] = Snapshot(self.head.header.number, waiting, self.timeline)
        return number

    def revert(self, snapshot_id: int) -> None:
        """Go back to a snapshot; it and all later ones are gone.

        Raises: UnknownSnapshot.
        """
        snapshot = self._snapshots.get(snapshot_id)
        if snapshot is None:
            raise UnknownSnapshot(f"no snapshot {snapshot_id}; a revert uses up its snapshot")
        for later in [number for number in self._snapshots if number >= snapshot_id]:
            del self._snapshots[later]
        numbers = range(self.head.header.number, snapshot.number, -1)
        removed = tuple(self.history.get_block(number) for number in numbers)
        self.cluster.rewind(snapshot.number)
        self.history.rewind(snapshot.number)
        self.timeline = snapshot.timeline
        self.pool.clear()
        for transaction in snapshot.waiting:
            self.pool.add(transaction)
        if removed:
            self._tell(BlocksRemoved(removed))

    def _tell(self, event: Event) -> None:
        for observer in tuple(self.observers):
            observer(event)

    def _select(self, get_nonce: Callable[[bytes], int]) -> Selection:
        return self.pool.select(get_nonce, build_prices(self.next_header, self.next_rules))

    def _mine_pool(self) -> dict[bytes, Exception]:
        """Decide blocks while a transaction is executable; returns why some were left out."""
        left_out: dict[bytes, Exception] = {}
        while not self._select(self.open_state().get_nonce).is_empty:
            decided = self._advance(allow_empty=False)
            left_out |= {left.transaction.hash: left.reason for left in self.cluster.left_out}
            if not decided:
                break
        return left_out

    def _advance(self, allow_empty: bool) -> bool:
        timestamp = self.timeline.compute_next(self.head.header.timestamp)
        decision = self.cluster.advance(self._select, timestamp, allow_empty)
        for left in self.cluster.left_out:
            unanswered = isinstance(left.reason, HostError) and decision is None
            if unanswered or isinstance(left.reason, BadTransaction):
                self.pool.discard(left.transaction)
        if decision is None:
            return False
        self.history.append(decision.block)
        self.pool.settle(decision.block.transactions, self.open_state)
        self.timeline = self.timeline.pass_block()
        self._tell(BlockAdded(decision.block, decision.certificate))
        return True
