"""Powers on float64: exp(y log x) with the logarithm in two parts, and the cases of IEEE 754 pow.

Whole powers from -4 to 4 are multiplied out and the power 1/2 is a square root, so they round as
one multiplication, division or root does.
"""

import numpy as np

from precompiles.engine.portable.functions.exponential import compute_exp
from precompiles.engine.portable.functions.logarithm import compute_log
from precompiles.engine.portable.functions.polynomial import Doubles, Truths

_SMALL = 4  # whole powers up to here are multiplied out


def compute_pow(x: Doubles, y: Doubles) -> Doubles:
    """x to the y, element by element, for float32 values in x and y."""
    x, y = (np.asarray(a, order="C") for a in np.broadcast_arrays(x, y))
    a = np.abs(x)
    result = _multiply_out(a, y, compute_exp(y * compute_log(a)))
    odd = is_odd(y)
    result = np.where((a == 0) | np.isinf(a) | np.isinf(y), _find_limit(a, y), result)
    result = np.where(np.signbit(x) & odd, -result, result)
    whole = np.floor(y) == y
    result = np.where((x < 0) & np.isfinite(x) & ~whole, np.nan, result)
    result = np.where(np.isnan(x) | np.isnan(y), np.nan, result)
    return np.where((x == 1) | (y == 0) | ((x == -1) & np.isinf(y)), 1.0, result)


def is_odd(y: Doubles) -> Truths:
    """Odd whole numbers; every float64 from 2^53 on is even."""
    half = y * 0.5
    return np.asarray((np.floor(y) == y) & (np.floor(half) != half) & np.isfinite(y))


def _multiply_out(a: Doubles, y: Doubles, otherwise: Doubles) -> Doubles:
    power, result = a, np.where(y == 0.5, np.sqrt(a), otherwise)
    for n in range(1, _SMALL + 1):
        if n > 1:
            power = power * a
        result = np.where(y == n, power, np.where(y == -n, 1.0 / power, result))
    return result


def _find_limit(a: Doubles, y: Doubles) -> Doubles:
    """Where base or power is zero or infinite: 0, 1 or infinity."""
    grows = np.where(np.isinf(y), (a > 1) == (y > 0), (a > 0) == (y > 0))
    return np.where(np.isinf(y) & (a == 1), 1.0, np.where(grows, np.inf, 0.0))
