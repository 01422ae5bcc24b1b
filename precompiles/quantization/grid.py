"""Grids: the integers a real tensor is put on, real = scale * (level - zero).

| grid   | levels                 | for                                              |
|--------|------------------------|--------------------------------------------------|
| byte   | uint8, zero in 0..255  | operands of integer products, pooling            |
| tight  | uint8, any zero        | index into a table of 256 entries                |
| wide   | 0..2^20 in int64       | sums, residuals, elementwise products            |
| output | int32 around zero 0    | what leaves the model                            |

Wide and output grids reach HEADROOM times past the calibrated magnitude before they saturate.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from precompiles.tensor import DType

BYTE_MAX = 255
FINE_STEPS = 1 << 17  # levels between zero and the calibrated magnitude
HEADROOM = 4
WIDE_ZERO = FINE_STEPS * HEADROOM
INT32_MAX = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Span:
    """Smallest and largest value a tensor took on the calibration data."""

    low: float
    high: float

    @property
    def magnitude(self) -> float:
        """Largest absolute value; 1 for a tensor of zeros."""
        return max(abs(self.low), abs(self.high)) or 1.0


@dataclass(frozen=True, slots=True)
class Grid:
    """Levels low..high of one integer type."""

    scale: float
    zero: int
    low: int
    high: int
    dtype: DType


def join_spans(spans: Iterable[Span]) -> Span:
    """The smallest span that covers all."""
    kept = tuple(spans)
    return Span(min(span.low for span in kept), max(span.high for span in kept))


def build_byte_grid(span: Span) -> Grid:
    """Zero is a level: padding and zero points need it."""
    low, high = min(span.low, 0.0), max(span.high, 0.0)
    scale = (high - low) / BYTE_MAX or 1.0
    return Grid(scale, round(-low / scale), 0, BYTE_MAX, DType.UINT8)


def build_tight_grid(span: Span) -> Grid:
    """All 256 levels inside the span, wherever it lies."""
    scale = (span.high - span.low) / BYTE_MAX or span.magnitude / FINE_STEPS
    return Grid(scale, round(-span.low / scale), 0, BYTE_MAX, DType.UINT8)


def build_wide_grid(span: Span) -> Grid:
    """Levels are never negative: integer division truncates."""
    return Grid(span.magnitude / FINE_STEPS, WIDE_ZERO, 0, 2 * WIDE_ZERO, DType.INT64)


def build_output_grid(span: Span, scale: float | None = None) -> Grid:
    """Signed levels, at the given scale if there is one."""
    step = scale or span.magnitude / FINE_STEPS
    bits = max(8, math.ceil(math.log2(HEADROOM * span.magnitude / step)))
    limit = min(1 << min(bits, 31), INT32_MAX)
    return Grid(step, 0, -limit, limit, DType.INT32)
