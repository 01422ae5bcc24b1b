"""Transactions that wait in one validator process, and what a block may take of them."""

from collections.abc import Callable

from devnet.chain.header import Header
from devnet.chain.pool.admission import admit
from devnet.chain.pool.pool import Pool
from devnet.chain.pool.selection import Order, Selection, build_prices
from devnet.chain.template import build_child
from devnet.chain.transaction import Transaction, decode_transaction
from devnet.errors import BadMessage, BadTransaction, ChainError
from devnet.processes.home import Home


class Mempool:
    """The pool of one process, held against the head of its chain."""

    def __init__(self, home: Home) -> None:
        """With what waited when the process ended."""
        self._home = home
        self._pool = Pool(order=Order(home.config.order))
        for transaction in home.directory.load_waiting():
            self._pool.add(transaction)

    @property
    def is_empty(self) -> bool:
        """Whether nothing could be in the next block."""
        header = self._next_header
        state = self._home.validator.world.open(self._home.validator.head.state_root, header)
        return self.select(state.get_nonce).is_empty

    def all(self) -> tuple[Transaction, ...]:
        """What waits, oldest first."""
        return self._pool.all()

    def select(self, get_nonce: Callable[[bytes], int]) -> Selection:
        """What the next block may hold, in order."""
        header = self._next_header
        rules = self._home.validator.world.schedule.find_rules(header)
        return self._pool.select(get_nonce, build_prices(header, rules))

    def take(self, raws: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """Take what can be in a block one day; returns what is new.

        Raises: BadMessage for bytes that are no transaction.
        """
        header = self._next_header
        world = self._home.validator.world
        rules = world.schedule.find_rules(header)
        state = world.open(self._home.validator.head.state_root, header)
        new = []
        for raw in raws:
            try:
                transaction = decode_transaction(raw, rules.fork)
            except ChainError as broken:
                raise BadMessage(f"a transaction that does not read: {broken}") from broken
            try:
                admit(self._pool, transaction, state, header, rules)
            except ChainError:  # known, or impossible by now: whoever made it was told
                continue
            new.append(raw)
        return tuple(new)

    def settle(self, included: tuple[Transaction, ...]) -> None:
        """Forget what a block holds, and what became impossible by it."""
        header = self._next_header
        root, world = self._home.validator.head.state_root, self._home.validator.world
        self._pool.settle(included, lambda: world.open(root, header))

    def leave(self, transaction: Transaction, reason: Exception) -> None:
        """A transaction that is in no block: what never can be is forgotten."""
        if isinstance(reason, BadTransaction):
            self._pool.discard(transaction)

    @property
    def _next_header(self) -> Header:
        validator = self._home.validator
        head = validator.head
        timestamp = head.timestamp + self._home.config.block_time_s
        schedule = validator.world.schedule
        last = validator.hashes[-1]
        return build_child(schedule, head, last, timestamp=timestamp, coinbase=bytes(20))
