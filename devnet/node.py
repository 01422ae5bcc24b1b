"""class Node: the one object that RPC, CLI and Python users hold.

Knows no web3, no socket and no clock. One thread at a time may use it; others read what `freeze`
gives them.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace

from devnet.agency import Agency
from devnet.chain.account import derive_accounts
from devnet.chain.origin import Origin
from devnet.chain.pool.admission import admit
from devnet.chain.pool.pool import Pool
from devnet.chain.pool.selection import Order
from devnet.chain.transaction import decode_transaction
from devnet.config import Config, Host
from devnet.data_directory import DataDirectory, Engines, Settings
from devnet.errors import BadTransaction, HostError, NoQuorum
from devnet.events import BlockAdded, BlocksRemoved, Event, IntervalSet, Observer, TransactionSeen
from devnet.footing import find_footing
from devnet.node_view import NodeView
from devnet.snapshot import Snapshot, Snapshots
from devnet.timeline import Timeline
from devnet.validators.cluster import Cluster
from devnet.validators.decision import Decision
from devnet.validators.draft import Drafts
from devnet.validators.misbehaviour import Behavior
from devnet.validators.optimistic.docket import Docket

Gather = Callable[..., Cluster]


class Node(NodeView):
    """A running devnet: validators, decided chain, waiting transactions, unlocked accounts."""

    def __init__(
        self,
        config: Config | None = None,
        host: Host | None = None,
        origin: Origin | None = None,
        directory: DataDirectory | None = None,
        gather: Gather = Cluster,
    ) -> None:
        """
        Args:
            config: the stored one if not given and there is one, else the default.
            origin: a chain to go on with; its chain id and forks hold, not those of `config`.
            directory: where everything is kept; `host.data_dir` is opened if it is not given.
            gather: makes the validators, in this process if not given.
        Raises: BadBlock, ConfigError, StoreError if it cannot be gone on with.
        """
        host = host or Host()
        if directory is None and host.data_dir is not None:
            directory = DataDirectory(host.data_dir)
        self.directory = directory
        try:
            self._begin(config, host, origin, gather)
            self._resume()
        except BaseException:
            if directory is not None:
                directory.close()
            raise

    def _begin(
        self, config: Config | None, host: Host, origin: Origin | None, gather: Gather
    ) -> None:
        footing = find_footing(config, origin, self.directory)
        self.config = footing.config
        self.accounts = derive_accounts(self.config.mnemonic, self.config.accounts)
        funded = [account.address for account in self.accounts]
        shelf = None if self.directory is None else self.directory.shelf
        self.cluster = gather(self.config, funded, host, footing.origin, footing.history, shelf)
        self.history = self.cluster.history
        self.pool = Pool(order=Order(self.config.order))
        self.automine = True
        self.interval_s = 0.0  # seconds between blocks that a clock asks for, 0 for none
        self.timeline = Timeline(self.config.block_time_s)
        self.docket = Docket()
        self.observers: list[Observer] = []
        if self.config.is_optimistic:
            self.observers.append(Agency(self, self.config, self._tell))
        self._drafts = Drafts()
        self._snapshots = Snapshots()

    def freeze(self) -> "Node":
        """The node as it is now, for other threads to read while this one goes on.

        Nothing may be sent to it or mined on it.
        """
        frozen = copy(self)
        frozen.history = self.history.freeze()
        frozen.pool = self.pool.freeze()
        frozen.cluster = self.cluster.freeze(frozen.history)
        return frozen

    def save(self) -> None:
        """Keep everything as it is now, if there is a data directory.

        Every method that changes the node ends with this. Raises: StoreError.
        """
        if self.directory is not None:
            behaviors = self.cluster.behaviors
            settings = Settings(self.timeline, self.automine, self.interval_s, behaviors)
            self.directory.keep_engines(Engines(self.cluster.engines.known))
            self.directory.save(self.pool.all(), settings)

    def close(self) -> None:
        """Let another process have the data directory."""
        self.cluster.close()
        if self.directory is not None:
            self.directory.close()

    def _resume(self) -> None:
        """Take up what the data directory says, then let validators catch up."""
        settings = self.directory.settings if self.directory else None
        for description in self.directory.engines.descriptions if self.directory else ():
            self.cluster.engines.add(description)
        if self.directory is not None and settings is not None:
            self.timeline = replace(settings.timeline, period_s=self.config.block_time_s)
            self.automine, self.interval_s = settings.automine, settings.interval_s
            self.cluster.restore_behaviors(settings.behaviors)
            for transaction in self.directory.load_waiting():
                self.pool.add(transaction)
        self.cluster.catch_up()
        self.save()

    # transactions and blocks

    def send_raw(self, raw: bytes) -> bytes:
        """Take a signed transaction; with automine it is final when this returns.

        Returns: its hash.
        Raises: BadTransaction before it is taken; NoQuorum if the validators do not agree, then it
            waits; HostError if no validator can execute it, then it is dropped.
        """
        header = self.next_header
        rules = self._find_rules(header)
        transaction = decode_transaction(raw, rules.fork)
        self.pool.reprice(header.base_fee_per_gas)
        admit(self.pool, transaction, self.open_state(), header, rules, at_once=self.automine)
        self._tell(TransactionSeen(transaction))
        left_out: dict[bytes, Exception] = {}
        try:
            if self.automine:
                left_out = self._mine_pool()
        finally:
            self.save()
        if transaction.hash in left_out and not self.history.find_transaction(transaction.hash):
            raise left_out[transaction.hash]
        return transaction.hash

    def mine(self, count: int = 1) -> None:
        """Decide `count` blocks, empty ones too. Raises: NoQuorum."""
        for _ in range(count):
            self._advance(allow_empty=True)

    def follow(self) -> None:
        """Take over blocks that validators have decided unasked."""
        while (decision := self.cluster.poll()) is not None:
            self._take(decision)

    def set_automine(self, automine: bool) -> None:
        """A block for each transaction, at once; ends an interval."""
        ends_interval = automine and self.interval_s > 0
        self.automine = automine
        self.interval_s = 0.0 if ends_interval else self.interval_s
        self.save()
        if ends_interval:
            self._tell(IntervalSet(0.0))
        if automine:
            self._mine_pool()

    def set_interval(self, seconds: float) -> None:
        """A block every so many seconds instead of one for each transaction; 0 ends that."""
        self.interval_s = seconds
        self.automine = False
        self.save()
        self._tell(IntervalSet(seconds))

    def increase_time(self, seconds: int) -> int:
        """The next block so much later. Returns: all that was added so far. Raises: ChainError."""
        self.timeline = self.timeline.shift(seconds, self.head.header.timestamp)
        self.save()
        return self.timeline.shifted_s

    def set_next_timestamp(self, timestamp: int) -> None:
        """Raises: ChainError if that is not after the head's."""
        self.timeline = self.timeline.set_next(timestamp, self.head.header.timestamp)
        self.save()

    def set_behavior(self, validator: str, behavior: Behavior) -> None:
        """Change what a validator does; transactions that waited for a quorum are tried again.

        If there is still no quorum they go on waiting, and `cluster.waiting` says why.
        """
        self.cluster.set_behavior(validator, behavior)
        self.save()
        self._retry()

    def split(self, groups: Sequence[Sequence[str]]) -> None:
        """Cut the links between groups of validators. Raises: ConfigError."""
        self.cluster.split(groups)

    def heal(self) -> None:
        """Link all validators again; what waited for a quorum is tried again."""
        self.cluster.heal()
        self._retry()

    def _retry(self) -> None:
        if self.automine and self.cluster.waiting:
            with suppress(NoQuorum):
                self._mine_pool()

    # snapshots

    @property
    def snapshot_count(self) -> int:
        """Snapshots there is a way back to."""
        return len(self._snapshots)

    def snapshot(self) -> int:
        """Remember the chain as it is now."""
        head = self.head.header.number
        return self._snapshots.add(Snapshot(head, self.pool.all(), self.timeline))

    def revert(self, snapshot_id: int) -> None:
        """Go back to a snapshot; it and all later ones are gone.

        Raises: UnknownSnapshot.
        """
        snapshot = self._snapshots.use(snapshot_id)
        numbers = range(self.head.header.number, snapshot.number, -1)
        removed = tuple(self.history.get_block(number) for number in numbers)
        self.cluster.rewind(snapshot.number)
        self.timeline = snapshot.timeline
        self.pool.clear()
        for transaction in snapshot.waiting:
            self.pool.add(transaction)
        self.save()
        if removed:
            self._tell(BlocksRemoved(removed))

    def _tell(self, event: Event) -> None:
        for observer in tuple(self.observers):
            observer(event)

    def _mine_pool(self) -> dict[bytes, Exception]:
        """Decide blocks while a transaction is executable; returns why some were left out."""
        left_out: dict[bytes, Exception] = {}
        while len(self.pool) and not self._select(self.open_state().get_nonce).is_empty:
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
        self._take(decision)
        return True

    def _take(self, decision: Decision) -> None:
        self.pool.settle(decision.block.transactions, self.open_state)
        self.timeline = self.timeline.pass_block()
        self.save()
        self._tell(BlockAdded(decision.block, decision.certificate))
