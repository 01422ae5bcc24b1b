"""sin, cos, tan and their inverses on float64; the first three take float32 values only."""

from math import factorial

import numpy as np

from precompiles.engine.portable.functions.angle import reduce_angle
from precompiles.engine.portable.functions.polynomial import Doubles, evaluate_polynomial

_SINE = tuple((-1) ** n / factorial(2 * n + 1) for n in range(9, 0, -1))  # sin(r)/r - 1 over r^2
_COSINE = tuple((-1) ** n / factorial(2 * n) for n in range(9, 0, -1))  # cos(r) - 1 over r^2
_ARC = tuple((-1) ** n / (2 * n + 1) for n in range(10, 0, -1))  # atan(z)/z - 1 over z^2
_HALF_PI = 1.5707963267948966
_HALF_PI_LOW = 6.123233995736766e-17
_STEPS = 8.0  # tabled arcs are those of k/8
_ARCS = (  # atan(k/8), k from 0 to 8
    *(0.0, 0.12435499454676144, 0.24497866312686414, 0.3587706702705722, 0.4636476090008061),
    *(0.5585993153435624, 0.6435011087932844, 0.7188299996216245, 0.7853981633974483),
)


def compute_sin(x: Doubles) -> Doubles:
    quadrant, r = reduce_angle(x)
    value = np.where((quadrant == 1) | (quadrant == 3), _cosine(r), _sine(r))
    return np.where((quadrant >= 2) ^ np.signbit(x), -value, value)


def compute_cos(x: Doubles) -> Doubles:
    quadrant, r = reduce_angle(x)
    value = np.where((quadrant == 1) | (quadrant == 3), _sine(r), _cosine(r))
    return np.where((quadrant == 1) | (quadrant == 2), -value, value)


def compute_tan(x: Doubles) -> Doubles:
    quadrant, r = reduce_angle(x)
    sine, cosine = _sine(r), _cosine(r)
    value = np.where((quadrant == 1) | (quadrant == 3), -cosine / sine, sine / cosine)
    return np.where(np.signbit(x), -value, value)


def compute_atan(x: Doubles) -> Doubles:
    a = np.abs(x)
    large = a > 1.0
    y = np.where(large, 1.0 / np.where(large, a, 1.0), a)
    step = np.rint(y * _STEPS)
    c = step * (1.0 / _STEPS)
    z = (y - c) / (y * c + 1.0)
    square = z * z
    arc = z + z * (square * evaluate_polynomial(square, _ARC))
    base = np.asarray(_ARCS)[np.where(np.isnan(step), 0.0, step).astype(np.int64)]
    arc = base + arc
    return np.copysign(np.where(large, (_HALF_PI - arc) + _HALF_PI_LOW, arc), x)


def compute_asin(x: Doubles) -> Doubles:
    """NaN outside [-1, 1]."""
    return compute_atan(x / np.sqrt((1.0 - x) * (1.0 + x)))


def compute_acos(x: Doubles) -> Doubles:
    """NaN outside [-1, 1]."""
    return 2.0 * compute_atan(np.sqrt((1.0 - x) / (1.0 + x)))


def _sine(r: Doubles) -> Doubles:
    z = r * r
    return r + r * (z * evaluate_polynomial(z, _SINE))


def _cosine(r: Doubles) -> Doubles:
    z = r * r
    return 1.0 + z * evaluate_polynomial(z, _COSINE)
