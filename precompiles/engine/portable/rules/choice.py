"""Operators that choose among elements: IEEE 754-2019 maximum and minimum, first on a tie.

Floats are compared as integers whose order is theirs, with -0 below +0; NaN wins over everything.
Processors disagree on both in their own maximum instructions.
"""

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.reference.application import is_float, normalize_axis, read_axes
from precompiles.models.graph import Array

_BITS: dict[int, np.dtype[Any]] = {
    2: np.dtype(np.int16),
    4: np.dtype(np.int32),
    8: np.dtype(np.int64),
}


def to_keys(array: Array, nan_first: bool = False) -> Array:
    """Integers in the order of the floats; NaN is the largest, or the smallest."""
    kind = _BITS[array.dtype.itemsize]
    bits = np.asarray(array, order="C").view(kind)
    limits = np.iinfo(kind)
    keys: Array = bits ^ ((bits >> (8 * kind.itemsize - 1)) & limits.max)
    lost = array != array
    if lost.any():
        keys = np.where(lost, kind.type(limits.min if nan_first else limits.max), keys)
    return keys


def from_keys(keys: Array, dtype: np.dtype[Any]) -> Array:
    """The floats of `to_keys`; both extremes are NaN."""
    kind = keys.dtype
    bits = keys ^ ((keys >> (8 * kind.itemsize - 1)) & np.iinfo(kind).max)
    return np.asarray(bits, order="C").view(dtype)


def choose(pick: Callable[[Array, Array], Array], arrays: Operands, smallest: bool) -> Array:
    """Largest or smallest element by element."""
    if not is_float(arrays[0]):
        return np.asarray(reduce(pick, arrays))
    keys = reduce(pick, (to_keys(array, smallest) for array in arrays))
    return from_keys(np.asarray(keys), arrays[0].dtype)


def _build_variadic(pick: Callable[[Array, Array], Array], smallest: bool) -> Rule:
    def rule(site: Site) -> Compute:
        shape = site.use.result.shape
        return lambda operands: np.broadcast_to(choose(pick, operands, smallest), shape)

    return rule


def _clip(site: Site) -> Compute:
    """A missing bound is no bound; the upper one wins where they cross."""

    def compute(operands: Operands) -> Array:
        array = operands[0]
        low, high = find(operands, 1), find(operands, 2)
        if low is not None:
            array = choose(np.maximum, (array, low), smallest=False)
        if high is not None:
            array = choose(np.minimum, (array, high), smallest=True)
        return array

    return compute


def _rectify(site: Site) -> Compute:
    zero = site.dtype.type(0)
    return lambda operands: np.maximum(operands[0], zero) + zero  # of zero the sign is +


def _build_extreme(smallest: bool) -> Rule:
    pick = np.min if smallest else np.max

    def rule(site: Site) -> Compute:
        keep = site.use.read_integer("keepdims", 1) == 1
        all_axes = not site.use.read_integer("noop_with_empty_axes", 0)

        def compute(operands: Operands) -> Array:
            array = operands[0]
            axes = read_reduced(site, operands, array.ndim, all_axes)
            if not is_float(array):
                return np.asarray(pick(array, axis=axes, keepdims=keep))
            if any(array.shape[axis] == 0 for axis in axes):
                empty = np.inf if smallest else -np.inf
                return np.full(site.use.result.shape, empty, array.dtype)
            keys = pick(to_keys(array, smallest), axis=axes, keepdims=keep)
            return from_keys(np.asarray(keys), array.dtype)

        return compute

    return rule


def read_reduced(site: Site, operands: Operands, rank: int, all_axes: bool) -> tuple[int, ...]:
    """Axes to reduce: all if none is named, unless that means none."""
    given = find(operands, 1)
    if given is not None:
        axes: tuple[int, ...] | None = tuple(int(axis) for axis in given.reshape(-1))
    else:
        axes = read_axes(site.use, 1)
    if not axes:
        axes = tuple(range(rank)) if all_axes else ()
    return tuple(normalize_axis(axis, rank) for axis in axes)


def _build_position(smallest: bool) -> Rule:
    """numpy takes the first of equals, zeros of either sign among them, and NaN before all."""
    pick = np.argmin if smallest else np.argmax

    def rule(site: Site) -> Compute:
        keep = bool(site.use.read_integer("keepdims", 1))
        last = bool(site.use.read_integer("select_last_index", 0))
        axis = normalize_axis(site.use.read_integer("axis", 0), max(len(site.get(0).shape), 1))

        def compute(operands: Operands) -> Array:
            array = operands[0]
            if last:
                mirrored = pick(np.flip(array, axis), axis=axis, keepdims=keep)
                return np.asarray(array.shape[axis] - 1 - mirrored, np.int64)
            return np.asarray(pick(array, axis=axis, keepdims=keep), np.int64)

        return compute

    return rule


def _rank(site: Site) -> Compute:
    """The k largest or smallest; NaN counts as largest; sorted even if that is not asked for."""
    axis = normalize_axis(site.use.read_integer("axis", -1), len(site.get(0).shape))
    largest = site.use.read_integer("largest", 1)
    count = site.use.result.shape[axis]

    def compute(operands: Operands) -> tuple[Array, Array]:
        array = operands[0]
        keys = to_keys(array + array.dtype.type(0)) if is_float(array) else array
        if largest:
            mirrored = np.argsort(np.flip(keys, axis), axis=axis, kind="stable")
            order = array.shape[axis] - 1 - np.flip(mirrored, axis)
        else:
            order = np.argsort(keys, axis=axis, kind="stable")
        chosen = np.take(order, np.arange(count), axis=axis).astype(np.int64)
        return np.take_along_axis(array, chosen, axis), chosen

    return compute


def _mark_largest(site: Site) -> Compute:
    axis = normalize_axis(site.use.read_integer("axis", -1), len(site.get(0).shape))

    def compute(operands: Operands) -> Array:
        array = operands[0]
        place = np.argmax(to_keys(array + array.dtype.type(0)), axis=axis)
        marks = np.zeros(array.shape, array.dtype)
        np.put_along_axis(marks, np.expand_dims(place, axis), array.dtype.type(1), axis)
        return marks

    return compute


RULES: dict[str, Rule] = {
    "ArgMax": _build_position(smallest=False),
    "ArgMin": _build_position(smallest=True),
    "Clip": _clip,
    "Hardmax": _mark_largest,
    "Max": _build_variadic(np.maximum, smallest=False),
    "Min": _build_variadic(np.minimum, smallest=True),
    "ReduceMax": _build_extreme(smallest=False),
    "ReduceMin": _build_extreme(smallest=True),
    "Relu": _rectify,
    "TopK": _rank,
}
