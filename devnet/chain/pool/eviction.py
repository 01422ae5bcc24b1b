"""Who has to go when a pool is full: last of all transactions of whoever pays the lowest tip."""

from collections.abc import Generator, Mapping
from heapq import heapify, heappop, heappush

from devnet.chain.pool.arrival import Arrival, compute_tip

_Entry = tuple[int, int, bytes]  # tip, arrival (the later goes first), hash


class Cheapest:
    """Waiting transactions by tip, the lowest first.

    Built when first asked, and anew when the base fee has changed; what has left the pool is passed
    over.
    """

    def __init__(self) -> None:
        self._heap: list[_Entry] | None = None
        self._base_fee_wei = 0

    def reprice(self, base_fee_wei: int) -> None:
        """Rank by another base fee."""
        if base_fee_wei != self._base_fee_wei:
            self._base_fee_wei, self._heap = base_fee_wei, None

    def compute_tip(self, arrival: Arrival) -> int:
        """What a transaction is ranked by, in wei per gas."""
        return compute_tip(arrival.transaction, self._base_fee_wei)

    def note(self, arrival: Arrival) -> None:
        """A transaction that has come to the pool."""
        if self._heap is not None:
            heappush(self._heap, self._rank(arrival))

    def walk(self, waiting: Mapping[bytes, Arrival]) -> Generator[tuple[int, Arrival], None, None]:
        """Tips with their transactions, ascending; all of them are still there afterwards."""
        if self._heap is None:
            self._heap = [self._rank(arrival) for arrival in waiting.values()]
            heapify(self._heap)
        heap, passed = self._heap, []
        try:
            while heap:
                entry = heappop(heap)
                arrival = waiting.get(entry[2])
                if arrival is not None:
                    passed.append(entry)
                    yield entry[0], arrival
        finally:
            for entry in passed:
                heappush(heap, entry)

    def _rank(self, arrival: Arrival) -> _Entry:
        return self.compute_tip(arrival), -arrival.number, arrival.transaction.hash
