"""Interval: what is proven of every element of a tensor, in Python integers.

Of an integer tensor there is always one: at worst the range of its type. Of a float tensor there
may be none: then an element may be NaN or infinite. One that is there also proves neither occurs;
its bounds are rounded outward.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.reading.constant import Array
from precompiles.tensor import DType

_FLOAT_MAX = 1 << 127  # below the largest float32


@dataclass(frozen=True, slots=True)
class Interval:
    """low <= element <= high."""

    low: int
    high: int

    def __post_init__(self) -> None:
        assert self.low <= self.high, f"empty interval {self.low}..{self.high}"

    def __contains__(self, value: int) -> bool:
        return self.low <= value <= self.high

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(self.low), abs(self.high))

    def is_within(self, other: "Interval") -> bool:
        return other.low <= self.low and self.high <= other.high

    def join(self, other: "Interval") -> "Interval":
        """The smallest interval that holds both."""
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def add(self, other: "Interval") -> "Interval":
        return Interval(self.low + other.low, self.high + other.high)

    def subtract(self, other: "Interval") -> "Interval":
        return Interval(self.low - other.high, self.high - other.low)

    def multiply(self, other: "Interval") -> "Interval":
        corners = [a * b for a in (self.low, self.high) for b in (other.low, other.high)]
        return Interval(min(corners), max(corners))

    def scale(self, count: int) -> "Interval":
        """Of a sum of `count` elements, and of all its partial sums."""
        return Interval(min(0, self.low) * count, max(0, self.high) * count)

    def negate(self) -> "Interval":
        return Interval(-self.high, -self.low)

    def clamp(self, low: int, high: int) -> "Interval":
        """Of max(low, min(high, x)); `high` wins over `low` as in ONNX."""
        return Interval(min(max(self.low, low), high), min(max(self.high, low), high))

    def absolute(self) -> "Interval":
        low = 0 if 0 in self else min(abs(self.low), abs(self.high))
        return Interval(low, self.magnitude)


BIT = Interval(0, 1)
HALF = Interval(-(1 << 31), (1 << 31) - 1)  # where x86 runtimes order int64 rightly


def get_type_range(dtype: DType) -> Interval | None:
    """What the element type alone proves."""
    if dtype.is_float:
        return None
    if dtype is DType.BOOL:
        return BIT
    limits = np.iinfo(NUMPY_DTYPES[dtype])
    return Interval(int(limits.min), int(limits.max))


def measure(array: Array) -> Interval | None:
    """Of a known tensor; nothing for one without elements or with infinities."""
    if not array.size:
        return None
    if array.dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        if not np.isfinite(low) or not np.isfinite(high):
            return None
        return Interval(int(np.floor(low)), int(np.ceil(high)))
    return Interval(int(array.min()), int(array.max()))


def join_all(intervals: Iterable[Interval | None]) -> Interval | None:
    """Of a tensor whose elements come from several; nothing if any is unknown."""
    joined: Interval | None = None
    for interval in intervals:
        if interval is None:
            return None
        joined = interval if joined is None else joined.join(interval)
    return joined


def round_outward(interval: Interval | None) -> Interval | None:
    """After one rounding to float32; nothing where that may reach infinity."""
    if interval is None or interval.magnitude >= _FLOAT_MAX:
        return None
    return Interval(
        interval.low - (abs(interval.low) >> 20) - 1, interval.high + (abs(interval.high) >> 20) + 1
    )
