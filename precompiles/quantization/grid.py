"""Grids: the integers a real tensor is put on, real = scale * (level - zero).

| grid   | levels                 | for                                              |
|--------|------------------------|--------------------------------------------------|
| byte   | uint8, zero in 0..255  | operands of integer products, pooling            |
| tight  | uint8, any zero        | index into a table of 256 entries                |
| wide   | 0..2^20 in int64       | sums, residuals                                  |
| factor | 0..2^16 in int64       | elementwise products                             |
| output | int32 around zero 0    | what leaves the model                            |

Wide, factor and output grids saturate at HEADROOM times the calibrated magnitude.
"""

import math
from dataclasses import dataclass

from precompiles.quantization.refusal import CannotQuantize
from precompiles.tensor import DType

BYTE_MAX = 255
FINE_STEPS = 1 << 17  # levels between zero and the calibrated magnitude
HEADROOM = 4
WIDE_ZERO = FINE_STEPS * HEADROOM
FACTOR_BITS = 16
LEVEL_BITS_MAX = 28  # bits of an output level, sign aside


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


def join_spans(left: Span, right: Span) -> Span:
    """The smallest span that covers both."""
    return Span(min(left.low, right.low), max(left.high, right.high))


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


def build_factor_grid(span: Span) -> Grid:
    """For elementwise products: two factors of 16 bits give 31."""
    zero = 1 << (FACTOR_BITS - 1)
    return Grid(span.magnitude * HEADROOM / zero, zero, 0, 2 * zero, DType.INT64)


def build_output_grid(span: Span, scale: float | None = None) -> Grid:
    """Signed levels, at the given scale if there is one.

    Raises: CannotQuantize if that scale is too fine for the span.
    """
    step = scale or span.magnitude / FINE_STEPS
    bits = max(8, math.ceil(math.log2(HEADROOM * span.magnitude / step)))
    if bits > LEVEL_BITS_MAX:
        least = HEADROOM * span.magnitude / (1 << LEVEL_BITS_MAX)
        raise CannotQuantize(
            f"scale {step:g} is too fine for values up to {span.magnitude:g}; use {least:g} or more"
        )
    return Grid(step, 0, -(1 << bits), 1 << bits, DType.INT32)
