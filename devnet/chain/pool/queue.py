"""One sender's waiting transactions by nonce. A value: adding and removing give another one."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate

from devnet.chain.pool.arrival import Arrival


@dataclass(frozen=True, slots=True)
class Queue:
    """Transactions in ascending order of nonce, at most one of each."""

    arrivals: tuple[Arrival, ...] = ()
    sums_wei: tuple[int, ...] = (0,)  # running cost before each and after the last

    def __len__(self) -> int:
        return len(self.arrivals)

    def get(self, nonce: int) -> Arrival | None:
        """The transaction with a nonce."""
        index = self._find(nonce)
        if index < len(self.arrivals) and self.arrivals[index].transaction.nonce == nonce:
            return self.arrivals[index]
        return None

    def put(self, arrival: Arrival) -> "Queue":
        """With a transaction, which takes the place of the one with its nonce."""
        nonce = arrival.transaction.nonce
        index = self._find(nonce)
        if index == len(self.arrivals):
            total = self.sums_wei[-1] + arrival.cost_wei
            return Queue((*self.arrivals, arrival), (*self.sums_wei, total))
        rest = index + (self.arrivals[index].transaction.nonce == nonce)
        return build_queue((*self.arrivals[:index], arrival, *self.arrivals[rest:]))

    def remove(self, nonce: int) -> "Queue":
        """Without the transaction with a nonce, if there is one."""
        if self.get(nonce) is None:
            return self
        index = self._find(nonce)
        if index == len(self.arrivals) - 1:
            return Queue(self.arrivals[:-1], self.sums_wei[:-1])
        if index == 0:
            return Queue(self.arrivals[1:], self.sums_wei[1:])
        return build_queue(self.arrivals[:index] + self.arrivals[index + 1 :])

    def get_run(self, nonce: int) -> tuple[int, int]:
        """Indices from and up to which nonces follow each other from `nonce` on."""
        start = self._find(nonce)
        low, high = start, len(self.arrivals)
        while low < high:  # nonces ascend, so a run is where none has been left out
            middle = (low + high) // 2
            follows = self.arrivals[middle].transaction.nonce == nonce + middle - start
            low, high = (middle + 1, high) if follows else (low, middle)
        return start, low

    def _find(self, nonce: int) -> int:
        return bisect_left(self.arrivals, nonce, key=lambda arrival: arrival.transaction.nonce)


def build_queue(arrivals: tuple[Arrival, ...]) -> Queue:
    """A queue of transactions that are in order."""
    return Queue(arrivals, tuple(accumulate((a.cost_wei for a in arrivals), initial=0)))
