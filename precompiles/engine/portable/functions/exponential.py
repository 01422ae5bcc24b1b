"""exp and exp - 1 on float64: reduction by ln 2 in two parts, a Taylor polynomial, a power of two.

Error below 2 ulp of float64, so float32 results are correctly rounded but for values that lie
within 2^-28 ulp of the middle between two neighbours. Source: Tang 1989, Cody and Waite 1980.
"""

from math import factorial

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles, evaluate_polynomial

_LOG2_E = 1.4426950408889634
_LN2_HIGH = 0.693147180369123816490  # 32 bits: its product with an exponent is exact
_LN2_LOW = 1.90821492927058770002e-10
_LOWEST, _HIGHEST = -700.0, 709.0  # beyond, float32 has 0 or infinity
_WHOLE = 6755399441055744.0  # 1.5 * 2^52: adding it leaves an integer in the low bits
_BIAS = 1023  # of a float64 exponent
_TERMS = tuple(1 / factorial(n) for n in range(14, 1, -1))  # of exp, from t^14 to t^2


def compute_power_of_two(n: Doubles) -> Doubles:
    """2^n for whole n between -1022 and 1023; anything for NaN."""
    bits = (n + _WHOLE).view(np.int64)
    return ((bits + _BIAS) << 52).view(np.float64)


def compute_exp(x: Doubles) -> Doubles:
    """exp(x); zero below 1e-304, infinite above 8e307."""
    n, t = _reduce(x)
    p = evaluate_polynomial(t, (*_TERMS, 1.0, 1.0))
    p *= compute_power_of_two(n)
    np.copyto(p, 0.0, where=x < _LOWEST)
    np.copyto(p, np.inf, where=x > _HIGHEST)
    return p


def compute_expm1(x: Doubles) -> Doubles:
    """exp(x) - 1, accurate for small x."""
    n, t = _reduce(x)
    p = evaluate_polynomial(t, _TERMS) * t * t + t  # exp(t) - 1
    scale = compute_power_of_two(n)
    result = p * scale + (scale - 1.0)
    return np.where(n == 0, np.where(x == 0, x, p), result)


def _reduce(x: Doubles) -> tuple[Doubles, Doubles]:
    """x = n ln 2 + t with whole n and |t| below 0.35."""
    x = np.minimum(np.maximum(x, _LOWEST), _HIGHEST)
    n = np.rint(x * _LOG2_E)
    return n, (x - n * _LN2_HIGH) - n * _LN2_LOW
