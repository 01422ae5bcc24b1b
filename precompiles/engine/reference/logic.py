"""Comparison, boolean and bitwise operators, and the choice between two tensors."""

from collections.abc import Callable

import numpy as np

from precompiles.engine.reference.application import Application, Rule, Undefined
from precompiles.models.graph import Array


def _build_binary(compute: Callable[[Array, Array], Array]) -> Rule:
    return lambda application: np.asarray(compute(application.first, application.get(1)))


def _shift(application: Application) -> Array:
    array, count = application.first, application.get(1)
    width = array.dtype.itemsize * 8
    if bool((count >= width).any()):
        raise Undefined(f"a shift of {int(count.max())} in {width} bits differs between hosts")
    if application.read_text("direction", "") == "LEFT":
        return np.asarray(np.left_shift(array, count))
    return np.asarray(np.right_shift(array, count))


def _find_infinity(application: Application) -> Array:
    array = application.first
    positive = (array == np.inf) & bool(application.read_integer("detect_positive", 1))
    negative = (array == -np.inf) & bool(application.read_integer("detect_negative", 1))
    return np.asarray(positive | negative)


def _choose(application: Application) -> Array:
    return np.where(application.first, application.get(1), application.get(2))


RULES: dict[str, Rule] = {
    "And": _build_binary(np.logical_and),
    "BitShift": _shift,
    "BitwiseAnd": _build_binary(np.bitwise_and),
    "BitwiseNot": lambda application: np.asarray(np.invert(application.first)),
    "BitwiseOr": _build_binary(np.bitwise_or),
    "BitwiseXor": _build_binary(np.bitwise_xor),
    "Equal": _build_binary(np.equal),
    "Greater": _build_binary(np.greater),
    "GreaterOrEqual": _build_binary(np.greater_equal),
    "IsInf": _find_infinity,
    "IsNaN": lambda application: np.asarray(np.isnan(application.first)),
    "Less": _build_binary(np.less),
    "LessOrEqual": _build_binary(np.less_equal),
    "Not": lambda application: np.asarray(np.logical_not(application.first)),
    "Or": _build_binary(np.logical_or),
    "Where": _choose,
    "Xor": _build_binary(np.logical_xor),
}
