"""log and log(1 + u) on float64: the exponent apart, then 2 atanh((m - 1) / (m + 1)) as a series.

Error below 2 ulp of float64. Source: the method of fdlibm's log, with Taylor coefficients.
"""

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles, evaluate_polynomial

_LN2_HIGH = 0.693147180369123816490
_LN2_LOW = 1.90821492927058770002e-10
_ROOT_HALF = 0x3FE6A09E667F3BCD  # bits of sqrt(1/2)
_SERIES = tuple(2 / (2 * n + 1) for n in range(12, 0, -1))  # of 2 atanh(s) / s^3, in s^2
_SPLIT = 0.4142135623730951  # above, 1 + u is halved first


def compute_log(x: Doubles) -> Doubles:
    """log(x); minus infinity at zero, NaN below."""
    bits = x.view(np.int64)
    exponent = (bits - _ROOT_HALF) >> 52
    mantissa = (bits - (exponent << 52)).view(np.float64)  # in [sqrt(1/2), sqrt(2))
    k = exponent.astype(np.float64)
    f = mantissa - 1.0
    result = _add_exponent(k, f / (f + 2.0))
    result = np.where(x == np.inf, x, result)
    return np.where(x > 0, result, np.where(x == 0, -np.inf, np.nan))


def compute_log1p(u: Doubles) -> Doubles:
    """log(1 + u) for u >= -1, accurate for small u."""
    near = (u > -0.25) & (u < _SPLIT)
    small = np.where(near, u, 0.0)
    s = small / (small + 2.0)
    return np.where(near, _double_atanh(s), compute_log(1.0 + u))


def _double_atanh(s: Doubles) -> Doubles:
    """2 atanh(s) for |s| below 0.18."""
    z = s * s
    return s * (evaluate_polynomial(z, _SERIES) * z) + (s + s)


def _add_exponent(k: Doubles, s: Doubles) -> Doubles:
    """k ln 2 + 2 atanh(s), large parts last."""
    z = s * s
    tail = s * (evaluate_polynomial(z, _SERIES) * z) + k * _LN2_LOW
    return k * _LN2_HIGH + ((s + s) + tail)
