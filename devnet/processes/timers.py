"""Timers of one process in real time; the clock is the caller's."""

from heapq import heappop, heappush

from devnet.clock import Clock
from devnet.consensus.participation.host import Timer
from devnet.consensus.tendermint.timeout import Timeouts

TIMEOUTS = Timeouts(
    propose_us=2_000_000,
    prevote_us=1_000_000,
    precommit_us=1_000_000,
    delta_us=500_000,
    commit_us=0,  # the next height waits for work, not for votes that come late
    retry_us=1_000_000,
)
_US_PER_S = 1_000_000


class Timers:
    """What is due when; equal times in the order they were scheduled."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue: list[tuple[float, int, Timer]] = []
        self._count = 0

    def schedule(self, timer: Timer, delay_us: int) -> None:
        """Hand the timer out after a time."""
        self._count += 1
        heappush(self._queue, (self._clock() + delay_us / _US_PER_S, self._count, timer))

    def pop(self) -> Timer | None:
        """The next one that is due, nothing if none is."""
        if self._queue and self._queue[0][0] <= self._clock():
            return heappop(self._queue)[2]
        return None

    def compute_wait_ms(self, most: int) -> int:
        """How long nothing is due, at most `most`."""
        if not self._queue:
            return most
        left_ms = (self._queue[0][0] - self._clock()) * 1000
        return max(0, min(most, int(left_ms) + 1))
