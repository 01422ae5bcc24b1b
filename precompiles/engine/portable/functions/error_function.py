"""erf, erfc and the normal distribution on float64.

Below 1 the Maclaurin series; above, erfc(z) = exp(-z^2) t Q(t) with t = 2 / (2 + z) and Q a
polynomial that interpolates at the Chebyshev nodes for z in [0.9, 11], relative error 2e-17.
"""

from math import factorial

import numpy as np

from precompiles.engine.portable.functions.exponential import compute_exp
from precompiles.engine.portable.functions.polynomial import Doubles, evaluate_polynomial

_SERIES = tuple((-1) ** n / (factorial(n) * (2 * n + 1)) for n in range(21, -1, -1))
_TWO_OVER_ROOT_PI = 1.1283791670955126
_ROOT_HALF = 0.7071067811865476
_LAST = 11.0  # erfc is below 2^-150 from 10.1 on
_SLOPE, _OFFSET = 3.732673267326733, -1.5742574257425743  # t to [-1, 1]
_TAIL = (  # of Q, from the highest power down
    *(3.627452119656648e-15, 6.089379117228207e-13, -1.7611711192671812e-12),
    *(-4.635520917884459e-12, 3.080321321619055e-11, -2.583100715401125e-11),
    *(-2.6831616967481737e-10, 9.607783064903841e-10, 8.247262049440372e-10),
    *(-1.3620689807507755e-08, 1.839616154838713e-08, 1.473357466427607e-07),
    *(-5.120698230053877e-07, -1.5020489435155874e-06, 9.927068276168322e-06),
    *(2.069322555445632e-05, -0.00019463303546743706, -0.0006364835382846507),
    *(0.0036999008553653978, 0.037246627254605605, 0.16145881244550403),
    0.46036791063413784,
)


def compute_erf(x: Doubles) -> Doubles:
    near = _sum_series(x)
    far = 1.0 - _compute_tail(np.abs(x), x * x)
    return np.where(np.abs(x) < 1.0, near, np.copysign(far, x))


def compute_normal_cdf(x: Doubles) -> Doubles:
    """(1 + erf(x / sqrt 2)) / 2, relatively accurate on both sides."""
    z = np.abs(x) * _ROOT_HALF
    near = 0.5 + 0.5 * _sum_series(x * _ROOT_HALF)
    tail = 0.5 * _compute_tail(z, x * x * 0.5)
    return np.where(z < 1.0, near, np.where(x < 0, tail, 1.0 - tail))


def _sum_series(x: Doubles) -> Doubles:
    """erf for |x| below 1."""
    x = np.minimum(np.maximum(x, -1.0), 1.0)
    return x * (evaluate_polynomial(x * x, _SERIES) * _TWO_OVER_ROOT_PI)


def _compute_tail(z: Doubles, square: Doubles) -> Doubles:
    """erfc for z of at least 1, given its square without rounding."""
    t = 2.0 / (np.minimum(z, _LAST) + 2.0)
    return compute_exp(-square) * (t * evaluate_polynomial(t * _SLOPE + _OFFSET, _TAIL))
