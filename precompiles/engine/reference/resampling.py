"""Resize by nearest neighbour: the same elements, repeated or left out.

Coordinates are computed in float32, one rounding per step, as the runtime does.
"""

from collections.abc import Callable

import numpy as np

from precompiles.engine.reference.application import Application, Rule, normalize_axis, read_axes
from precompiles.models.graph import Array

_HALF = np.float32(0.5)


def _resize(application: Application) -> Array:
    array = application.first
    mode = application.read_text("mode", "nearest")
    application.require(mode == "nearest", f"with mode '{mode}'")
    application.require(not application.read_integer("antialias", 0), "with antialias")
    given, sizes = application.find(2), application.find(3)
    axes = read_axes(application, 4) or tuple(range(array.ndim))
    coordinate = application.read_text("coordinate_transformation_mode", "half_pixel")
    rounding = application.read_text("nearest_mode", "round_prefer_floor")
    policy = application.read_text("keep_aspect_ratio_policy", "stretch")
    application.require(policy == "stretch", f"with policy '{policy}'")
    application.require(coordinate in _COORDINATES, f"with coordinates '{coordinate}'")
    for at, axis in enumerate(axes):
        axis = normalize_axis(axis, array.ndim)
        before, after = array.shape[axis], application.result.shape[axis]
        if given is not None and given.size:
            scale = np.float32(given[at])
        else:
            assert sizes is not None, "Resize without scales and sizes"
            scale = np.float32(after) / np.float32(before)
        if before == after and scale == 1:
            continue
        positions = np.arange(after, dtype=np.float32)
        origin = _COORDINATES[coordinate](positions, scale, before, after)
        nearest = _round(origin, rounding).astype(np.int64)
        array = np.take(array, np.clip(nearest, 0, before - 1), axis)
    return array


Coordinate = Callable[[Array, np.float32, int, int], Array]


def _half_pixel(at: Array, scale: np.float32, before: int, after: int) -> Array:
    return (at + _HALF) / scale - _HALF


def _pytorch_half_pixel(at: Array, scale: np.float32, before: int, after: int) -> Array:
    return _half_pixel(at, scale, before, after) if after > 1 else np.zeros_like(at)


def _asymmetric(at: Array, scale: np.float32, before: int, after: int) -> Array:
    return at / scale


def _align_corners(at: Array, scale: np.float32, before: int, after: int) -> Array:
    if after == 1:
        return np.zeros_like(at)
    return at * np.float32(before - 1) / np.float32(after - 1)


_COORDINATES: dict[str, Coordinate] = {
    "align_corners": _align_corners,
    "asymmetric": _asymmetric,
    "half_pixel": _half_pixel,
    "pytorch_half_pixel": _pytorch_half_pixel,
}


def _round(values: Array, mode: str) -> Array:
    if mode == "floor":
        return np.asarray(np.floor(values))
    if mode == "ceil":
        return np.asarray(np.ceil(values))
    if mode == "round_prefer_floor":
        return np.asarray(np.ceil(values - _HALF))
    return np.asarray(np.floor(values + _HALF))


RULES: dict[str, Rule] = {"Resize": _resize}
