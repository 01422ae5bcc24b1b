"""Transactions that wait for a block: one per sender and nonce, within limits.

Knows no state: account nonces are asked for, or told. What may enter is checked in `admission`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol

from devnet.chain.pool.arrival import Arrival
from devnet.chain.pool.delegation import recover_authorities
from devnet.chain.pool.eviction import Cheapest
from devnet.chain.pool.limit import Limits, Usage
from devnet.chain.pool.queue import Queue, build_queue
from devnet.chain.pool.replacement import check_replacement
from devnet.chain.pool.selection import Order, Prices, Selection
from devnet.chain.transaction import Transaction
from devnet.chain.validity import compute_cost
from devnet.errors import BadTransaction, PoolFull

GetNonce = Callable[[bytes], int]
_NOBODY = Queue()


class Accounts(Protocol):
    """What a pool asks of a state."""

    def get_nonce(self, address: Any, /) -> int: ...

    def get_balance(self, address: Any, /) -> int: ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits, by sender in order of first arrival, each by nonce."""

    pending: dict[bytes, tuple[Transaction, ...]]  # nothing is missing before them
    queued: dict[bytes, tuple[Transaction, ...]]  # an earlier nonce is missing


class Pool:
    """Waiting transactions; copies are made only where somebody else still looks."""

    def __init__(self, limits: Limits | None = None, order: Order = Order.FEES) -> None:
        self.limits = limits or Limits()
        self.order = order
        self._arrivals: dict[bytes, Arrival] = {}  # by hash
        self._queues: dict[bytes, Queue] = {}  # by sender
        self._authorities: dict[bytes, int] = {}  # how many transactions delegate an account
        self._usage = Usage()
        self._cheapest = Cheapest()
        self._next_number = 0
        self._shared = False  # with a frozen one

    def __len__(self) -> int:
        return len(self._arrivals)

    def freeze(self) -> "Pool":
        """What waits now, for another thread; copies nothing."""
        self._shared = True
        frozen = copy(self)
        frozen._cheapest = Cheapest()
        return frozen

    # reading

    def get(self, transaction_hash: bytes) -> Transaction | None:
        """The waiting transaction with a hash."""
        arrival = self._arrivals.get(transaction_hash)
        return None if arrival is None else arrival.transaction

    def find(self, sender: bytes, nonce: int) -> Transaction | None:
        """The waiting transaction of a sender with a nonce."""
        arrival = self.get_queue(sender).get(nonce)
        return None if arrival is None else arrival.transaction

    def all(self) -> tuple[Transaction, ...]:
        """Everything that waits, oldest first."""
        return tuple(arrival.transaction for arrival in self._arrivals.values())

    def get_queue(self, sender: bytes) -> Queue:
        """What waits of one sender."""
        return self._queues.get(sender, _NOBODY)

    def get_next_nonce(self, sender: bytes, nonce: int) -> int:
        """The first nonce from `nonce` on that does not wait here."""
        start, end = self.get_queue(sender).get_run(nonce)
        return nonce + end - start

    def is_delegating(self, address: bytes) -> bool:
        """Whether a waiting transaction delegates an account."""
        return address in self._authorities

    def select(self, get_nonce: GetNonce, prices: Prices | None = None) -> Selection:
        """Executable transactions that pay enough, in the pool's order."""
        runs = self._list_runs(get_nonce)
        return Selection(runs, prices or Prices(), self.order)

    def split(self, get_nonce: GetNonce) -> Standing:
        """What waits for a block, and what for another transaction; used nonces are left out."""
        standing = Standing({}, {})
        for sender, queue in self._queues.items():
            start, end = queue.get_run(get_nonce(sender))
            for part, arrivals in (
                (standing.pending, queue.arrivals[start:end]),
                (standing.queued, queue.arrivals[end:]),
            ):
                if arrivals:
                    part[sender] = tuple(arrival.transaction for arrival in arrivals)
        return standing

    # changing

    def add(self, transaction: Transaction, is_executable: bool = True) -> None:
        """Take a checked transaction; it may replace one, or drive out cheaper ones.

        Args:
            is_executable: whether no earlier nonce of its sender is missing.
        Raises: BadTransaction if it is known; FeeTooLow if it replaces another and does not pay for
            it; PoolFull.
        """
        if transaction.hash in self._arrivals:
            raise BadTransaction(f"already known: 0x{transaction.hash.hex()}")
        authorities = recover_authorities(transaction)
        cost = compute_cost(transaction)
        arrival = Arrival(transaction, self._next_number, cost, authorities)
        rival = self.get_queue(transaction.sender).get(transaction.nonce)
        usage = self._usage.add(arrival)
        if rival is None:
            queue = self.get_queue(transaction.sender)
            self.limits.check_account(transaction, queue, is_executable)
        else:
            check_replacement(rival.transaction, transaction)
            usage = usage.add(rival, -1)
        if usage.blob_transactions > self.limits.blob_transactions:
            raise PoolFull(f"txpool is full: {self.limits.blob_transactions} blob transactions")
        victims = self._find_victims(arrival, usage, is_executable)
        for leaving in (*victims, *(() if rival is None else (rival,))):
            self.discard(leaving.transaction)
        self._put(arrival)

    def discard(self, transaction: Transaction) -> None:
        """Forget a transaction, known or not."""
        arrival = self._arrivals.get(transaction.hash)
        if arrival is not None:
            rest = self.get_queue(transaction.sender).remove(transaction.nonce)
            self._drop(transaction.sender, (arrival,), rest)

    def settle(self, included: Iterable[Transaction], open_state: Callable[[], Accounts]) -> None:
        """Forget what a block holds, and what of its senders became impossible by it.

        Args:
            open_state: gives the accounts after the block.
        """
        touched: dict[bytes, None] = {}
        for transaction in included:
            if len(self.get_queue(transaction.sender)) == 1:
                self.discard(transaction)
            touched[transaction.sender] = None
            touched.update(dict.fromkeys(recover_authorities(transaction)))
        waiting = [sender for sender in touched if sender in self._queues]
        if waiting:
            accounts = open_state()
            for sender in waiting:
                self._expire(sender, accounts.get_nonce(sender), accounts.get_balance(sender))

    def reprice(self, base_fee_wei: int) -> None:
        """Rank by tips at another base fee whom to drive out when there is no room."""
        self._cheapest.reprice(base_fee_wei)

    def clear(self) -> None:
        """Forget everything."""
        self._arrivals, self._queues, self._authorities = {}, {}, {}
        self._usage, self._shared = Usage(), False

    def _list_runs(self, get_nonce: GetNonce) -> Iterator[tuple[Arrival, ...]]:
        for sender, queue in self._queues.items():
            start, end = queue.get_run(get_nonce(sender))
            if start < end:
                yield queue.arrivals[start:end]

    def _find_victims(
        self, arrival: Arrival, usage: Usage, is_executable: bool
    ) -> tuple[Arrival, ...]:
        """Who has to go so that there is room. Raises: PoolFull if they pay as much."""
        if self.limits.has_room(usage):
            return ()
        if not is_executable:
            raise PoolFull("txpool is full: a nonce before this one is missing")
        offered = self._cheapest.compute_tip(arrival)
        victims: list[Arrival] = []
        gone: dict[bytes, int] = {}  # how many of a sender
        with closing(self._cheapest.walk(self._arrivals)) as ranking:
            for tip, cheap in ranking:
                sender = cheap.transaction.sender
                if sender == arrival.transaction.sender:
                    continue
                if tip >= offered:
                    raise PoolFull(
                        f"transaction underpriced: txpool is full, its lowest tip is {tip} wei, "
                        f"this one's {offered}"
                    )
                gone[sender] = gone.get(sender, 0) + 1
                victims.append(self.get_queue(sender).arrivals[-gone[sender]])
                usage = usage.add(victims[-1], -1)
                if self.limits.has_room(usage):
                    return tuple(victims)
        raise PoolFull("txpool is full")

    def _expire(self, sender: bytes, nonce: int, balance_wei: int) -> None:
        leaving: list[Arrival] = []
        kept: list[Arrival] = []
        for arrival in self._queues[sender].arrivals:
            is_possible = arrival.transaction.nonce >= nonce and arrival.cost_wei <= balance_wei
            (kept if is_possible else leaving).append(arrival)
        if leaving:
            self._drop(sender, leaving, build_queue(tuple(kept)))

    def _put(self, arrival: Arrival) -> None:
        self._own()
        transaction = arrival.transaction
        self._arrivals[transaction.hash] = arrival
        self._queues[transaction.sender] = self.get_queue(transaction.sender).put(arrival)
        for address in arrival.authorities:
            self._authorities[address] = self._authorities.get(address, 0) + 1
        self._usage = self._usage.add(arrival)
        self._cheapest.note(arrival)
        self._next_number += 1

    def _drop(self, sender: bytes, leaving: Iterable[Arrival], rest: Queue) -> None:
        self._own()
        if len(rest):
            self._queues[sender] = rest
        else:
            del self._queues[sender]
        for arrival in leaving:
            del self._arrivals[arrival.transaction.hash]
            self._usage = self._usage.add(arrival, -1)
            for address in arrival.authorities:
                self._authorities[address] -= 1
                if not self._authorities[address]:
                    del self._authorities[address]

    def _own(self) -> None:
        if self._shared:
            self._arrivals = self._arrivals.copy()
            self._queues = self._queues.copy()
            self._authorities = self._authorities.copy()
            self._shared = False
