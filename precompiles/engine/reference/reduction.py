"""Sums, products and extremes over axes; integers only where order would round.

Runtimes disagree on integer totals that do not fit: older ones wrap, newer ones add in float64 and
saturate. So a total is exact here or refused: below 2^53 at every step and inside its own type.
"""

from collections.abc import Callable

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    Rule,
    Undefined,
    is_integer,
    normalize_axis,
    read_axes,
    refuse_nan,
)
from precompiles.models.graph import Array

Axes = tuple[int, ...]
_EXACT = float(1 << 53)  # float64 holds every integer below


def _read_reduced(application: Application) -> tuple[Axes, bool]:
    """Axes to reduce, all if none is named, and whether they stay with size 1."""
    rank = application.first.ndim
    axes = read_axes(application, 1)
    if not axes:
        keeps_all = application.read_integer("noop_with_empty_axes", 0) == 1
        axes = () if keeps_all else tuple(range(rank))
    keep = application.read_integer("keepdims", 1) == 1
    return tuple(normalize_axis(axis, rank) for axis in axes), keep


def _build_total(prepare: Callable[[Array], Array]) -> Rule:
    def total(application: Application) -> Array:
        array = application.first
        application.require(is_integer(array), f"of {array.dtype}")
        axes, keep = _read_reduced(application)
        terms = prepare(array.astype(np.float64))
        bound = np.sum(np.abs(terms), axis=axes, keepdims=keep)
        _refuse_above(application, bound)
        exact = np.sum(terms, axis=axes, keepdims=keep)
        return _fit(application, exact)

    return total


def _multiply(application: Application) -> Array:
    array = application.first
    application.require(is_integer(array), f"of {array.dtype}")
    axes, keep = _read_reduced(application)
    terms = array.astype(np.float64)
    bound = np.prod(np.maximum(np.abs(terms), 1), axis=axes, keepdims=keep)
    _refuse_above(application, bound)
    return _fit(application, np.prod(terms, axis=axes, keepdims=keep))


def _refuse_above(application: Application, bound: Array) -> None:
    """Sums and products of magnitudes only grow, so a bound below 2^53 was never rounded."""
    if bool((np.asarray(bound) >= _EXACT).any()):
        raise Undefined(f"{application.node.operator} above 2^53 differs between runtimes")


def _fit(application: Application, exact: Array) -> Array:
    whole, dtype = np.asarray(exact).astype(np.int64), application.first.dtype
    limits = np.iinfo(dtype)
    if bool(((whole < limits.min) | (whole > limits.max)).any()):
        raise Undefined(f"{application.node.operator} beyond {dtype} differs between runtimes")
    return whole.astype(dtype)


def _build_extreme(find: Callable[..., Array]) -> Rule:
    def locate(application: Application) -> Array:
        array = application.first
        refuse_nan(application, array)
        axes, keep = _read_reduced(application)
        if any(array.shape[axis] == 0 for axis in axes):
            raise Undefined(f"{application.node.operator} of no elements")
        return np.asarray(find(array, axis=axes, keepdims=keep), array.dtype)

    return locate


def _accumulate(application: Application) -> Array:
    array = application.first
    application.require(is_integer(array), f"of {array.dtype}")
    axis = normalize_axis(int(application.get(1).reshape(-1)[0]), array.ndim)
    ordered = np.moveaxis(array, axis, 0)
    if application.read_integer("reverse", 0):
        ordered = ordered[::-1]
    sums: Array = np.cumsum(ordered, axis=0, dtype=array.dtype)
    if application.read_integer("exclusive", 0):
        sums = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
    if application.read_integer("reverse", 0):
        sums = sums[::-1]
    return np.ascontiguousarray(np.moveaxis(sums, 0, axis))


RULES: dict[str, Rule] = {
    "CumSum": _accumulate,
    "ReduceL1": _build_total(np.abs),
    "ReduceMax": _build_extreme(np.max),
    "ReduceMin": _build_extreme(np.min),
    "ReduceProd": _multiply,
    "ReduceSum": _build_total(lambda array: array),
    "ReduceSumSquare": _build_total(np.square),
}
