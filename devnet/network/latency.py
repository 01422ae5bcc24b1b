"""Latency rules: they judge every message, so they stand last.

All arithmetic is in integers, microseconds and permille, equal on every host.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from devnet.errors import ConfigError
from devnet.network.rule import Link, Verdict
from devnet.streams import Stream

_SHIFT = 32  # fixed point: 1.0 is 2^32
_ONE = 1 << _SHIFT
_BITS = 256  # coin flips behind one normal variate: standard deviation 8


class Latency(ABC):
    """The same on every link."""

    __slots__ = ()

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """A draw."""
        return (self.draw(stream),)

    @abstractmethod
    def draw(self, stream: Stream) -> int:
        """A delay in microseconds."""


@dataclass(frozen=True, slots=True)
class Constant(Latency):
    """Always the same delay."""

    delay_us: int

    def draw(self, stream: Stream) -> int:
        """The delay."""
        return self.delay_us


@dataclass(frozen=True, slots=True)
class Uniform(Latency):
    """Any delay between two bounds, both included."""

    least_us: int
    most_us: int

    def draw(self, stream: Stream) -> int:
        """A draw."""
        return self.least_us + stream.draw_below(self.most_us - self.least_us + 1)


@dataclass(frozen=True, slots=True)
class LogNormal(Latency):
    """Median and spread of a log-normal delay: most are near the median, few are very long.

    A normal variate is the number of heads in 256 flips, (heads - 128) / 8, smoothed between two
    neighbours by a uniform draw; its exponential is tabulated in fixed point.
    """

    median_us: int
    sigma_permille: int  # of the logarithm; 500 makes one in six longer than 1.65 medians
    _table: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        table = (
            self.median_us * compute_exp((heads - _BITS // 2) * self.sigma_permille * _ONE // 8000)
            >> _SHIFT
            for heads in range(_BITS + 2)
        )
        object.__setattr__(self, "_table", tuple(table))

    def draw(self, stream: Stream) -> int:
        """A draw."""
        draw = stream.draw_word
        heads = draw().bit_count() + draw().bit_count() + draw().bit_count() + draw().bit_count()
        low, high = self._table[heads], self._table[heads + 1]
        return low + stream.draw_below(high - low + 1)


@dataclass(frozen=True, slots=True)
class Regions:
    """Delay by the regions of sender and recipient, in rows of milliseconds, with jitter."""

    region_of: tuple[int, ...]  # by node
    delays_us: tuple[tuple[int, ...], ...]  # [sender's region][recipient's region]
    jitter_permille: int = 0

    def __post_init__(self) -> None:
        count = len(self.delays_us)
        if any(len(row) != count for row in self.delays_us):
            raise ConfigError(f"a region matrix is square; {count} rows need {count} columns each")
        if any(not 0 <= region < count for region in self.region_of):
            raise ConfigError(f"a node's region is not among the {count} of the matrix")

    def judge(self, link: Link, stream: Stream) -> Verdict:
        """The matrix entry, up to so much longer by jitter."""
        delay = self.delays_us[self.region_of[link.sender]][self.region_of[link.recipient]]
        spread = delay * self.jitter_permille // 1000
        return (delay + (stream.draw_below(spread + 1) if spread else 0),)


def compute_exp(x: int) -> int:
    """e^x in 32-bit fixed point, rounded down at every step.

    Halves the argument until the series converges fast, then squares back.
    """
    guard = 32
    value = x << guard
    halvings = 0
    while abs(value) > 1 << (_SHIFT + guard - 4):
        value >>= 1
        halvings += 1
    one = 1 << (_SHIFT + guard)
    total, term = one, one
    for n in range(1, 20):
        term = (term * value >> (_SHIFT + guard)) // n
        total += term
    for _ in range(halvings):
        total = total * total >> (_SHIFT + guard)
    return total >> guard


def build_regions(region_of: Sequence[int], delays_ms: Sequence[Sequence[int]]) -> Regions:
    """A region matrix as scenario files write it, in milliseconds."""
    delays = tuple(tuple(1000 * delay for delay in row) for row in delays_ms)
    return Regions(tuple(region_of), delays)
