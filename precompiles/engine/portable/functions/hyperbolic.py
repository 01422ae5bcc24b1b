"""Hyperbolic functions and their inverses on float64, from exp - 1 and log(1 + u)."""

import numpy as np

from precompiles.engine.portable.functions.exponential import compute_exp, compute_expm1
from precompiles.engine.portable.functions.logarithm import compute_log, compute_log1p
from precompiles.engine.portable.functions.polynomial import Doubles

_LN2 = 0.6931471805599453
_LARGE = 2.0**28  # from here asinh and acosh are log(2 x) to float32 and beyond


def compute_tanh(x: Doubles) -> Doubles:
    minus = compute_expm1(np.abs(x) * -2.0)  # in (-1, 0]
    return np.copysign(minus / (minus + 2.0), x)


def compute_sinh(x: Doubles) -> Doubles:
    e = compute_expm1(np.abs(x))
    return np.copysign((e + e / (e + 1.0)) * 0.5, x)


def compute_cosh(x: Doubles) -> Doubles:
    e = compute_exp(np.abs(x))
    return (e + 1.0 / e) * 0.5


def compute_asinh(x: Doubles) -> Doubles:
    a = np.abs(x)
    square = a * a
    near = compute_log1p(a + square / (np.sqrt(square + 1.0) + 1.0))
    return np.copysign(np.where(a < _LARGE, near, compute_log(a) + _LN2), x)


def compute_acosh(x: Doubles) -> Doubles:
    """NaN below 1."""
    t = x - 1.0
    near = compute_log1p(t + np.sqrt(t * (t + 2.0)))
    result = np.where(x < _LARGE, near, compute_log(x) + _LN2)
    return np.where(x < 1.0, np.nan, result)


def compute_atanh(x: Doubles) -> Doubles:
    """Infinite at -1 and 1, NaN beyond."""
    a = np.abs(x)
    return np.copysign(compute_log1p((a + a) / (1.0 - a)) * 0.5, x)
