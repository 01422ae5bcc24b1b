"""Logical time: which timestamp the next block gets. No clock is read.

| asked for             | next block                     | blocks after it          |
|-----------------------|--------------------------------|--------------------------|
| nothing               | parent + period                | a period apart           |
| `shift(n)`            | parent + period + n            | a period apart           |
| `set_next(t)`         | t; a shift waits for the next  | a period apart, from t   |
"""

from dataclasses import dataclass, replace

from devnet.errors import ChainError

MAX_TIMESTAMP = 2**63 - 1  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class Timeline:
    """What was asked for and has not become a block yet."""

    period_s: int
    ahead_s: int = 0  # added once, to the next block that has no timestamp of its own
    exact_s: int | None = None  # timestamp of the next block
    shifted_s: int = 0  # all that was ever added

    def compute_next(self, parent_s: int) -> int:
        """Timestamp of the block after one with `parent_s`."""
        if self.exact_s is not None:
            return self.exact_s
        return parent_s + self.period_s + self.ahead_s

    def pass_block(self) -> "Timeline":
        """After that block was decided."""
        if self.exact_s is not None:
            return replace(self, exact_s=None)
        return replace(self, ahead_s=0)

    def shift(self, seconds: int, parent_s: int) -> "Timeline":
        """So many seconds more until the next block. Raises: ChainError."""
        before = parent_s if self.exact_s is None else self.exact_s
        _check(before + self.period_s + self.ahead_s + seconds, parent_s)
        return replace(self, ahead_s=self.ahead_s + seconds, shifted_s=self.shifted_s + seconds)

    def set_next(self, timestamp: int, parent_s: int) -> "Timeline":
        """The next block at `timestamp`. Raises: ChainError if that is not after its parent."""
        _check(timestamp, parent_s)
        return replace(self, exact_s=timestamp)


def _check(timestamp: int, parent_s: int) -> None:
    if timestamp <= parent_s:
        raise ChainError(f"timestamp {timestamp} is not after the head's {parent_s}")
    if timestamp > MAX_TIMESTAMP:
        raise ChainError(f"timestamp {timestamp} is too far away; at most {MAX_TIMESTAMP}")
