"""The order in which transactions are offered to a block.

| order | next is                                                                       |
|-------|-------------------------------------------------------------------------------|
| fees  | the highest tip at this base fee among the senders' lowest nonces; of equals   |
|       | the one that came first                                                       |
| fifo  | the one that came first among the senders' lowest nonces                      |
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from heapq import heapify, heappop, heappush

from devnet.chain.forks.blob import compute_blob_base_fee
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.pool.arrival import Arrival, compute_tip
from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.transaction import Transaction

_Entry = tuple[int, int, int, int]  # rank, arrival, sender's place, index in the sender's run


class Order(Enum):
    """What decides between senders."""

    FEES = "fees"
    FIFO = "fifo"


@dataclass(frozen=True, slots=True)
class Prices:
    """What a transaction must be ready to pay to be in a block, in wei per unit."""

    base_fee_wei: int = 0
    blob_base_fee_wei: int = 0

    def is_met(self, transaction: Transaction) -> bool:
        """Whether a transaction offers enough."""
        evm = transaction.evm
        if evm.max_fee_per_gas < self.base_fee_wei:
            return False
        if transaction.type_id != BLOB_TYPE:
            return True
        return bool(evm.max_fee_per_blob_gas >= self.blob_base_fee_wei)


def build_prices(header: Header, rules: Rules) -> Prices:
    """Prices of a block before execution."""
    if rules.fork < Fork.CANCUN:
        return Prices(header.base_fee_per_gas)
    blob_base_fee = compute_blob_base_fee(header.excess_blob_gas, rules.blob)
    return Prices(header.base_fee_per_gas, blob_base_fee)


class Selection:
    """Executable transactions, one after another; a sender's rest can be left out meanwhile."""

    def __init__(
        self, runs: Iterable[tuple[Arrival, ...]], prices: Prices, order: Order = Order.FEES
    ) -> None:
        """
        Args:
            runs: transactions of one sender each, by nonce without gaps.
        """
        self._runs = tuple(runs)
        self._prices = prices
        self._order = order
        self._left: dict[bytes, None] = {}
        firsts = (self._rank(place, 0) for place in range(len(self._runs)))
        self._heap = [entry for entry in firsts if entry is not None]
        heapify(self._heap)

    def __iter__(self) -> Iterator[Transaction]:
        while self._heap:
            _, _, place, index = heappop(self._heap)
            transaction = self._runs[place][index].transaction
            yield transaction
            following = None
            if transaction.sender not in self._left:
                following = self._rank(place, index + 1)
            if following is not None:
                heappush(self._heap, following)

    @property
    def is_empty(self) -> bool:
        """Whether nothing more is offered."""
        return not self._heap

    def leave(self, sender: bytes) -> None:
        """Offer nothing more of a sender: one of its transactions is not in the block."""
        self._left[sender] = None

    def _rank(self, place: int, index: int) -> _Entry | None:
        run = self._runs[place]
        if index >= len(run) or not self._prices.is_met(run[index].transaction):
            return None
        rank = 0
        if self._order is Order.FEES:
            rank = -compute_tip(run[index].transaction, self._prices.base_fee_wei)
        return rank, run[index].number, place, index
