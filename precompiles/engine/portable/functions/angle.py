"""Reduction of any float32 angle by multiples of pi/2, without loss (Payne and Hanek 1983).

2^e 2/pi modulo 4 is tabled in chunks of 27 bits, so that chunk times 24-bit mantissa is exact.
"""

from functools import cache

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles

_FIRST, _LAST = -24, 104  # exponents of the mantissa's last bit where a reduction is needed
_CHUNK, _CHUNKS = 27, 5  # bits of a chunk beyond the two in front, and how many
_DIGITS = 320  # bits of pi
_HALF_PI = 1.5707963267948966
_QUARTER_PI = 0.7853981633974483


def reduce_angle(x: Doubles) -> tuple[Doubles, Doubles]:
    """Quadrant 0 to 3 and remainder in about [-pi/4, pi/4] of |x|, for float32 values in x.

    Infinity and NaN have the remainder NaN.
    """
    a = np.abs(x)
    bits = a.view(np.int64)
    last = np.clip((bits >> 52) - 1023 - 23, _FIRST, _LAST)  # exponent of the last bit
    mantissa = a * ((1023 - last) << 52).view(np.float64)  # whole, below 2^24
    chunks = [row[last - _FIRST] for row in _build_table()]
    first = mantissa * chunks[0]
    first -= 4.0 * np.floor(first * 0.25)
    second = mantissa * chunks[1]
    quadrant = np.rint(first + second)
    turn = (first - quadrant) + second
    rest = mantissa * chunks[4] + mantissa * chunks[3]
    turn = turn + (mantissa * chunks[2] + rest)
    near = a <= _QUARTER_PI
    quadrant = np.where(near, 0.0, quadrant - 4.0 * np.floor(quadrant * 0.25))
    remainder = np.where(near, a, turn * _HALF_PI)
    return quadrant, np.where(np.isfinite(a), remainder, np.nan)


@cache
def _build_table() -> tuple[Doubles, ...]:
    """Chunk j of 2^e 2/pi modulo 4, one row for each j, one column for each exponent."""
    width = _DIGITS + _LAST
    two_over_pi = (1 << (2 * width + 1)) // _compute_pi(width)
    rows = [np.zeros(_LAST - _FIRST + 1) for _ in range(_CHUNKS)]
    for exponent in range(_FIRST, _LAST + 1):
        turned = two_over_pi << exponent if exponent >= 0 else two_over_pi >> -exponent
        left = turned % (4 << width)
        for j, row in enumerate(rows):
            unit = width - (_CHUNK - 2) - _CHUNK * j
            row[exponent - _FIRST] = (left >> unit) * 2.0 ** (unit - width)
            left &= (1 << unit) - 1
    return tuple(rows)


def _compute_pi(bits: int) -> int:
    """floor(pi 2^bits), within a few units (Machin 1706)."""
    guard = bits + 32
    return (16 * _invert_tangent(5, guard) - 4 * _invert_tangent(239, guard)) >> 32


def _invert_tangent(n: int, bits: int) -> int:
    """atan(1 / n) 2^bits."""
    term = (1 << bits) // n
    total, k, sign = 0, 1, 1
    while term:
        total += sign * (term // k)
        term //= n * n
        k, sign = k + 2, -sign
    return total
