"""Positions of extremes and the k largest; among equals the lower index comes first."""

from collections.abc import Callable
from typing import Any

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    Rule,
    Undefined,
    normalize_axis,
    refuse_nan,
)
from precompiles.models.graph import Array


def _build_position(find: Callable[..., Any]) -> Rule:
    def locate(application: Application) -> Array:
        array = application.first
        refuse_nan(application, array)
        axis = normalize_axis(application.read_integer("axis", 0), array.ndim)
        if array.shape[axis] == 0:
            raise Undefined(f"{application.node.operator} of no elements")
        keep = bool(application.read_integer("keepdims", 1))
        if application.read_integer("select_last_index", 0):
            mirrored = find(np.flip(array, axis), axis=axis, keepdims=keep)
            return np.asarray(array.shape[axis] - 1 - mirrored, np.int64)
        return np.asarray(find(array, axis=axis, keepdims=keep), np.int64)

    return locate


def _rank(application: Application) -> tuple[Array, ...]:
    array = application.first
    refuse_nan(application, array)
    application.require(application.read_integer("sorted", 1) == 1, "without sorting")
    axis = normalize_axis(application.read_integer("axis", -1), array.ndim)
    count = int(application.get(1).reshape(-1)[0])
    application.expect((*array.shape[:axis], count, *array.shape[axis + 1 :]))
    if application.read_integer("largest", 1):
        # a stable descending order is a stable ascending one read backwards from both ends
        mirrored = np.argsort(np.flip(array, axis), axis=axis, kind="stable")
        order = array.shape[axis] - 1 - np.flip(mirrored, axis)
    else:
        order = np.argsort(array, axis=axis, kind="stable")
    chosen = np.take(order, np.arange(count), axis=axis).astype(np.int64)
    return np.take_along_axis(array, chosen, axis), chosen


RULES: dict[str, Rule] = {
    "ArgMax": _build_position(np.argmax),
    "ArgMin": _build_position(np.argmin),
    "TopK": _rank,
}
