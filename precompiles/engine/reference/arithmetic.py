"""Element by element: integers wrap in two's complement, floats are rounded once per element.

Division of integers truncates toward zero; what traps or differs between processors is refused.
"""

from collections.abc import Callable
from functools import reduce

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    Rule,
    Undefined,
    is_float,
    refuse_nan,
)
from precompiles.models.graph import Array


def _build_unary(compute: Callable[[Array], Array]) -> Rule:
    return lambda application: np.asarray(compute(application.first))


def _build_binary(compute: Callable[[Array, Array], Array]) -> Rule:
    return lambda application: np.asarray(compute(application.first, application.get(1)))


def _build_variadic(compute: Callable[[Array, Array], Array]) -> Rule:
    return lambda application: np.asarray(reduce(compute, application.present))


def divide(left: Array, right: Array) -> Array:
    """Quotient; integers toward zero.

    Raises: Undefined for an integer division that traps.
    """
    if is_float(left):
        return np.asarray(np.divide(left, right))
    _refuse_trap(left, right)
    quotient = np.floor_divide(left, right)
    inexact = quotient * right != left
    towards_zero = inexact & ((left < 0) != (right < 0))
    return np.asarray(quotient + towards_zero.astype(left.dtype), left.dtype)


def _modulo(application: Application) -> Array:
    left, right = application.first, application.get(1)
    keeps_sign = application.read_integer("fmod", 0) == 1  # of the dividend, else of the divisor
    application.require(keeps_sign or not is_float(left), "of floats without fmod")
    if not is_float(left):
        _refuse_trap(left, right)
    if not keeps_sign:
        return np.asarray(np.mod(left, right))
    if left.dtype.itemsize == 8:  # the runtime goes through float64, which rounds the operands
        return np.fmod(left.astype(np.float64), right.astype(np.float64)).astype(left.dtype)
    return np.asarray(np.fmod(left, right))


def _refuse_trap(left: Array, right: Array) -> None:
    if bool((right == 0).any()):
        raise Undefined("integer division by zero stops the host")
    if left.dtype.kind == "i":
        lowest = np.iinfo(left.dtype).min
        if bool(((right == -1) & (left == lowest)).any()):
            raise Undefined(f"{lowest} / -1 does not fit {left.dtype} and stops the host")


def _clip(application: Application) -> Array:
    array = application.first
    # a missing bound is the last finite value, so infinities never come out
    limits = np.finfo(array.dtype) if is_float(array) else np.iinfo(array.dtype)
    low, high = application.find(1), application.find(2)
    low = np.asarray(limits.min, array.dtype) if low is None else low
    high = np.asarray(limits.max, array.dtype) if high is None else high
    return np.asarray(np.minimum(np.maximum(array, low), high))


def _relu(array: Array) -> Array:
    return np.asarray(np.maximum(array, array.dtype.type(0)))


def _take_sign(application: Application) -> Array:
    refuse_nan(application, application.first)
    return np.asarray(np.sign(application.first))


def _add_all(application: Application) -> Array:
    first = application.first
    application.require(first.dtype.itemsize > 2, f"of {first.dtype}")  # the sum would round once
    return np.asarray(reduce(np.add, application.present))


RULES: dict[str, Rule] = {
    "Abs": _build_unary(np.abs),
    "Add": _build_binary(np.add),
    "Ceil": _build_unary(np.ceil),
    "Clip": _clip,
    "Div": _build_binary(divide),
    "Floor": _build_unary(np.floor),
    "Max": _build_variadic(np.maximum),
    "Min": _build_variadic(np.minimum),
    "Mod": _modulo,
    "Mul": _build_binary(np.multiply),
    "Neg": _build_unary(np.negative),
    "Relu": _build_unary(_relu),
    "Round": _build_unary(np.rint),
    "Sign": _take_sign,
    "Sqrt": _build_unary(np.sqrt),
    "Sub": _build_binary(np.subtract),
    "Sum": _add_all,
}
