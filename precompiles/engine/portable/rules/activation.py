"""Activations with attributes: fixed formulas in float64, each element rounded once."""

from collections.abc import Callable

import numpy as np

from precompiles.engine.portable.functions.error_function import compute_normal_cdf
from precompiles.engine.portable.functions.exponential import compute_expm1
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.rules.elementwise import apply, compute_elu, compute_sigmoid
from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.models.graph import Array

_SELU_ALPHA, _SELU_GAMMA = 1.67326319217681884765625, 1.05070102214813232421875
_ROOT_8_OVER_PI = 1.5957691216057308  # 2 sqrt(2/pi)
_CUBIC = 0.044715

Formula = Callable[[Site], Callable[[Doubles], Doubles]]


def _build(formula: Formula) -> Rule:
    def rule(site: Site) -> Compute:
        function, dtype = formula(site), site.dtype
        return lambda operands: apply(function, operands[0], dtype)

    return rule


def _gelu(site: Site) -> Callable[[Doubles], Doubles]:
    if site.use.read_text("approximate", "none") == "tanh":
        return compute_tanh_gelu
    return compute_gelu


def compute_gelu(x: Doubles) -> Doubles:
    """x times the normal distribution function; -0 far below zero."""
    return np.where(x == -np.inf, -0.0, x * compute_normal_cdf(x))


def compute_tanh_gelu(x: Doubles) -> Doubles:
    """x (1 + tanh(u)) / 2 = x sigmoid(2 u)."""
    inner = _ROOT_8_OVER_PI * (x + _CUBIC * (x * x * x))
    return np.where(x == -np.inf, -0.0, x * compute_sigmoid(inner))


def _leaky(site: Site) -> Callable[[Doubles], Doubles]:
    alpha = site.read_number("alpha", 0.01)
    return lambda x: np.where(x < 0, x * alpha, x)


def _elu(site: Site) -> Callable[[Doubles], Doubles]:
    alpha = site.read_number("alpha", 1.0)
    return lambda x: compute_elu(x, alpha)


def _selu(site: Site) -> Callable[[Doubles], Doubles]:
    alpha = site.read_number("alpha", _SELU_ALPHA)
    gamma = site.read_number("gamma", _SELU_GAMMA)
    return lambda x: compute_elu(x, alpha) * gamma


def _celu(site: Site) -> Callable[[Doubles], Doubles]:
    alpha = site.read_number("alpha", 1.0)
    return lambda x: np.where(x > 0, x, compute_expm1(np.where(x > 0, 0.0, x) / alpha) * alpha)


def _hard_sigmoid(site: Site) -> Callable[[Doubles], Doubles]:
    alpha, beta = site.read_number("alpha", 0.2), site.read_number("beta", 0.5)
    return lambda x: np.minimum(np.maximum(x * alpha + beta, 0.0), 1.0) + 0.0


def _swish(site: Site) -> Callable[[Doubles], Doubles]:
    alpha = site.read_number("alpha", 1.0)
    return lambda x: compute_swish(x, alpha)


def compute_swish(x: Doubles, alpha: float) -> Doubles:
    """NaN at minus infinity, as ONNX writes it."""
    return x * compute_sigmoid(x * alpha)


def _threshold(site: Site) -> Callable[[Doubles], Doubles]:
    alpha = site.read_number("alpha", 1.0)
    return lambda x: np.where(x > alpha, x, 0.0)  # zero for NaN, as ONNX writes it


def _shrink(site: Site) -> Callable[[Doubles], Doubles]:
    bias, limit = site.read_number("bias", 0.0), site.read_number("lambd", 0.5)
    return lambda x: np.where(x < -limit, x + bias, np.where(x > limit, x - bias, 0.0))


def _sloped(site: Site) -> Compute:
    dtype = site.dtype

    def compute(operands: Operands) -> Array:
        x, slope = (operand.astype(np.float64) for operand in operands)
        return np.where(x < 0, x * slope, x).astype(dtype)

    return compute


RULES: dict[str, Rule] = {
    "Celu": _build(_celu),
    "Elu": _build(_elu),
    "Gelu": _build(_gelu),
    "HardSigmoid": _build(_hard_sigmoid),
    "LeakyRelu": _build(_leaky),
    "PRelu": _sloped,
    "Selu": _build(_selu),
    "Shrink": _build(_shrink),
    "Swish": _build(_swish),
    "ThresholdedRelu": _build(_threshold),
}
