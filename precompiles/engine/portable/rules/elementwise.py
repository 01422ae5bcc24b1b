"""Each element on its own: one IEEE 754 operation, or a fixed formula in float64 rounded once."""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from precompiles.engine.portable.functions import circular, hyperbolic
from precompiles.engine.portable.functions.error_function import compute_erf
from precompiles.engine.portable.functions.exponential import compute_exp, compute_expm1
from precompiles.engine.portable.functions.logarithm import compute_log, compute_log1p
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.functions.power import compute_pow
from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.models.graph import Array

TILE = 1 << 14  # elements worked on at a time, so that float64 stays in cache
Function = Callable[[Doubles], Doubles]


def apply(function: Function, array: Array, dtype: np.dtype[Any]) -> Array:
    """The function of every element, in float64, rounded once to `dtype`."""
    if array.ndim == 0:  # numpy makes scalars of such, which nothing is written into
        return apply(function, array.reshape(1), dtype).reshape(())
    if array.size <= TILE:
        return np.asarray(function(array.astype(np.float64))).astype(dtype)
    flat = np.ascontiguousarray(array).reshape(-1)
    out = np.empty(flat.size, dtype)
    for start in range(0, flat.size, TILE):
        part = slice(start, start + TILE)
        out[part] = function(flat[part].astype(np.float64))
    return out.reshape(array.shape)


def build_unary(function: Function) -> Rule:
    def rule(site: Site) -> Compute:
        dtype = site.dtype
        return lambda operands: apply(function, operands[0], dtype)

    return rule


def compute_sigmoid(x: Doubles) -> Doubles:
    e = compute_exp(-np.abs(x))
    return np.where(x < 0, e, 1.0) / (e + 1.0)


def compute_softplus(x: Doubles) -> Doubles:
    """log(1 + exp(x))."""
    return np.maximum(x, 0.0) + compute_log1p(compute_exp(-np.abs(x)))


def compute_mish(x: Doubles) -> Doubles:
    """x tanh(log(1 + exp(x))), by e = exp(x) alone."""
    e = compute_exp(np.minimum(x, 100.0))
    part = e * (e + 2.0)
    return x * (part / (part + 2.0))


def _hard_swish(x: Doubles) -> Doubles:
    return x * (np.minimum(np.maximum(x / 6.0 + 0.5, 0.0), 1.0) + 0.0)  # of +-0 the sign is +


FUNCTIONS: dict[str, Function] = {
    "Acos": circular.compute_acos,
    "Acosh": hyperbolic.compute_acosh,
    "Asin": circular.compute_asin,
    "Asinh": hyperbolic.compute_asinh,
    "Atan": circular.compute_atan,
    "Atanh": hyperbolic.compute_atanh,
    "Cos": circular.compute_cos,
    "Cosh": hyperbolic.compute_cosh,
    "Erf": compute_erf,
    "Exp": compute_exp,
    "HardSwish": _hard_swish,
    "Log": compute_log,
    "Mish": compute_mish,
    "Reciprocal": lambda x: 1.0 / x,
    "Sigmoid": compute_sigmoid,
    "Sin": circular.compute_sin,
    "Sinh": hyperbolic.compute_sinh,
    "Softplus": compute_softplus,
    "Softsign": lambda x: x / (np.abs(x) + 1.0),
    "Sqrt": np.sqrt,
    "Tan": circular.compute_tan,
    "Tanh": hyperbolic.compute_tanh,
}


def _build_plain(operation: Callable[..., Any]) -> Rule:
    """One IEEE 754 operation, or one that rounds nothing, in the type of the operands."""
    return lambda site: lambda operands: operation(*operands)


def _raise(site: Site) -> Compute:
    dtype, shape = site.dtype, site.use.result.shape

    def compute(operands: Operands) -> Array:
        base, power = (np.atleast_1d(operand).astype(np.float64) for operand in operands)
        return compute_pow(base, power).astype(dtype).reshape(shape)

    return compute


def _build_total(divide: bool) -> Rule:
    """Operands added from the first to the last in float64."""

    def rule(site: Site) -> Compute:
        dtype, shape, count = site.dtype, site.use.result.shape, len(site.operands)

        def compute(operands: Operands) -> Array:
            total = reduce(np.add, (operand.astype(np.float64) for operand in operands))
            if divide:
                total = total / count
            return np.broadcast_to(total, shape).astype(dtype)

        return compute

    return rule


def take_sign(array: Array) -> Array:
    """-1, 0 or 1; NaN stays NaN."""
    signs = (array > 0).astype(array.dtype) - (array < 0).astype(array.dtype)
    return np.where(array != array, array, signs)


def compute_elu(x: Doubles, alpha: float) -> Doubles:
    return np.where(x > 0, x, compute_expm1(np.where(x > 0, 0.0, x)) * alpha)


RULES: dict[str, Rule] = {
    **{name: build_unary(function) for name, function in FUNCTIONS.items()},
    "Abs": _build_plain(np.abs),
    "Add": _build_plain(np.add),
    "Ceil": _build_plain(np.ceil),
    "Div": _build_plain(np.divide),
    "Floor": _build_plain(np.floor),
    "Mean": _build_total(divide=True),
    "Mod": _build_plain(np.fmod),
    "Mul": _build_plain(np.multiply),
    "Neg": _build_plain(np.negative),
    "Pow": _raise,
    "Round": _build_plain(np.rint),
    "Sign": _build_plain(take_sign),
    "Sub": _build_plain(np.subtract),
    "Sum": _build_total(divide=False),
}
