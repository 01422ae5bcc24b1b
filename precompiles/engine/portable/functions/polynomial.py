"""Polynomials by Horner's rule: one multiplication and one addition at a time, never fused."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Truths = npt.NDArray[Any]


def evaluate_polynomial(x: Doubles, coefficients: Sequence[float]) -> Doubles:
    """Value at every `x`; coefficients from the highest power down."""
    total = x * coefficients[0]
    for coefficient in coefficients[1:-1]:
        total += coefficient
        total *= x
    total += coefficients[-1]
    return total
