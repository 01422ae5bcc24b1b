"""Unary functions of the portable evaluator beside two references for each.

The quick one is float64 of another library, whose error is far below the margin; where its margin
leaves the float32 result open, mpmath decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt
from scipy import special

from precompiles.engine.portable.rules.activation import (
    compute_gelu,
    compute_swish,
    compute_tanh_gelu,
)
from precompiles.engine.portable.rules.elementwise import FUNCTIONS, compute_elu

Array = npt.NDArray[Any]
_ROOT_2_OVER_PI = np.sqrt(2 / np.pi)


@dataclass(frozen=True, slots=True)
class Function:
    """One function of a float64 array, and what it ought to be."""

    name: str
    ours: Callable[[Array], Array]
    quick: Callable[[Array], Array]
    true: Callable[[Any], Any]  # of an mpf
    slope: float | None = None  # f(x)/x below 2^-125, but for less than 2^-100; if known


def _tanh_gelu(x: Any) -> Any:
    u = mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf(0.044715) * x**3)
    return x / (1 + mpmath.exp(-2 * u))


def _quick_tanh_gelu(x: Array) -> Array:
    u = _ROOT_2_OVER_PI * (x + 0.044715 * x * x * x)
    result: Array = np.where(x == -np.inf, -0.0, x * special.expit(2 * u))
    return result


def list_functions() -> tuple[Function, ...]:
    """Every unary function without attributes, and those whose attributes change the formula."""
    quick: dict[str, tuple[Callable[[Array], Array], Callable[[Any], Any]]] = {
        "Acos": (np.arccos, mpmath.acos),
        "Acosh": (np.arccosh, mpmath.acosh),
        "Asin": (np.arcsin, mpmath.asin),
        "Asinh": (np.arcsinh, mpmath.asinh),
        "Atan": (np.arctan, mpmath.atan),
        "Atanh": (np.arctanh, mpmath.atanh),
        "Cos": (np.cos, mpmath.cos),
        "Cosh": (np.cosh, mpmath.cosh),
        "Erf": (special.erf, mpmath.erf),
        "Exp": (np.exp, mpmath.exp),
        "HardSwish": (_hard_swish, lambda x: x * min(max(x / 6 + mpmath.mpf("0.5"), 0), 1)),
        "Log": (np.log, mpmath.log),
        "Mish": (_mish, lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x)))),
        "Reciprocal": (lambda x: 1 / x, lambda x: 1 / x),
        "Sigmoid": (special.expit, lambda x: 1 / (1 + mpmath.exp(-x))),
        "Sin": (np.sin, mpmath.sin),
        "Sinh": (np.sinh, mpmath.sinh),
        "Softplus": (_softplus, lambda x: mpmath.log1p(mpmath.exp(x))),
        "Softsign": (lambda x: x / (1 + np.abs(x)), lambda x: x / (1 + abs(x))),
        "Sqrt": (np.sqrt, mpmath.sqrt),
        "Tan": (np.tan, mpmath.tan),
        "Tanh": (np.tanh, mpmath.tanh),
    }
    assert set(quick) == set(FUNCTIONS), "every function has its references"
    return (
        *(
            Function(name, FUNCTIONS[name], *pair, 0.5 if name == "HardSwish" else None)
            for name, pair in quick.items()
        ),
        Function(
            "Elu",
            lambda x: compute_elu(x, 1.0),
            lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
            lambda x: x if x > 0 else mpmath.expm1(x),
        ),
        Function(
            "Swish",
            lambda x: compute_swish(x, 1.0),
            lambda x: x * special.expit(x),
            lambda x: x / (1 + mpmath.exp(-x)),
            0.5,
        ),
        Function("Gelu", compute_gelu, _gelu, lambda x: x * mpmath.ncdf(x), 0.5),
        Function("Gelu tanh", compute_tanh_gelu, _quick_tanh_gelu, _tanh_gelu, 0.5),
    )


def _gelu(x: Array) -> Array:
    return np.where(x == -np.inf, -0.0, x * special.ndtr(x))


def _hard_swish(x: Array) -> Array:
    return x * np.clip(x / 6 + 0.5, 0, 1)


def _mish(x: Array) -> Array:
    return x * np.tanh(np.logaddexp(0, x))


def _softplus(x: Array) -> Array:
    return np.where(x < -30, np.exp(x), np.logaddexp(0, x))
