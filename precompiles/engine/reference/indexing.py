"""Reading and writing at positions that another tensor names.

Positions count from the end if negative; outside the axis there is no answer. Writes happen in
row-major order of the positions, so the last of several to one place stays.
"""

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    OutOfBounds,
    Rule,
    normalize_axis,
    refuse_nan,
)
from precompiles.models.graph import Array

_REDUCTIONS = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}


def _wrap(indices: Array, size: int) -> Array:
    indices = indices.astype(np.int64)
    outside = (indices < -size) | (indices >= size)
    if bool(outside.any()):
        raise OutOfBounds(f"index {int(indices[outside].flat[0])} of an axis of {size}")
    return np.where(indices < 0, indices + size, indices)


def _gather(application: Application) -> Array:
    array = application.first
    axis = normalize_axis(application.read_integer("axis", 0), array.ndim)
    return np.take(array, _wrap(application.get(1), array.shape[axis]), axis)


def _gather_elements(application: Application) -> Array:
    array, indices = application.first, application.get(1)
    axis = normalize_axis(application.read_integer("axis", 0), array.ndim)
    return np.asarray(array[_locate(indices, axis, array.shape[axis])])


def _locate(indices: Array, axis: int, size: int) -> tuple[Array, ...]:
    """A full index: its own position on every axis, the named one on `axis`."""
    grid: list[Array] = list(np.indices(indices.shape, sparse=True))
    grid[axis] = _wrap(indices, size)
    return tuple(np.broadcast_arrays(*grid))


def _gather_places(application: Application) -> Array:
    array, indices = application.first, application.get(1)
    batch = application.read_integer("batch_dims", 0)
    depth = indices.shape[-1]
    places = _locate_places(indices, array.shape[batch : batch + depth])
    lead = indices.shape[:-1]
    own = [
        np.arange(lead[axis]).reshape((-1,) + (1,) * (len(lead) - 1 - axis))
        for axis in range(batch)
    ]
    return np.asarray(array[(*own, *places)])


def _locate_places(indices: Array, sizes: tuple[int, ...]) -> tuple[Array, ...]:
    return tuple(_wrap(indices[..., axis], size) for axis, size in enumerate(sizes))


def _scatter_elements(application: Application) -> Array:
    array, indices, updates = (application.get(index) for index in range(3))
    axis = normalize_axis(application.read_integer("axis", 0), array.ndim)
    places = _locate(indices, axis, array.shape[axis])
    return _write(
        application, array, tuple(place.reshape(-1) for place in places), updates.reshape(-1)
    )


def _scatter_places(application: Application) -> Array:
    array, indices, updates = (application.get(index) for index in range(3))
    depth = indices.shape[-1]
    places = _locate_places(indices.reshape(-1, depth), array.shape[:depth])
    return _write(application, array, places, updates.reshape(-1, *array.shape[depth:]))


def _write(
    application: Application, array: Array, places: tuple[Array, ...], updates: Array
) -> Array:
    written = array.copy()
    reduction = application.read_text("reduction", "none")
    if reduction == "none":
        written[places] = updates
        return written
    if reduction in ("max", "min"):
        refuse_nan(application, array, updates)
    _REDUCTIONS[reduction].at(written, places, updates)
    return written


def _scatter_sequence(application: Application) -> Array:
    """Updates of each batch in a row from its own start on, around the end if circular."""
    array, updates = application.get(0), application.get(1)
    axis = normalize_axis(application.read_integer("axis", -2), array.ndim)
    size, batch = array.shape[axis], array.shape[0]
    given = application.find(2)
    starts = np.zeros(batch, np.int64) if given is None else given
    places = starts[:, None] + np.arange(updates.shape[axis])  # (batch, length)
    if application.read_text("mode", "linear") == "circular":
        places = np.where(starts[:, None] < 0, -1, places % size)
    outside = (places < 0) | (places >= size)
    if bool(outside.any()):
        raise OutOfBounds(f"write indices {starts.tolist()} of an axis of {size}")
    written = np.moveaxis(array.copy(), axis, 1)
    written[np.arange(batch)[:, None], places] = np.moveaxis(updates, axis, 1)
    return np.moveaxis(written, 1, axis)


def _encode_one_hot(application: Application) -> Array:
    indices, depth, values = (application.get(index) for index in range(3))
    count = int(depth.reshape(-1)[0])
    axis = normalize_axis(application.read_integer("axis", -1), indices.ndim + 1)
    application.expect((*indices.shape[:axis], count, *indices.shape[axis:]))
    # a position outside [-depth, depth) is on nowhere
    positions = np.where(indices < 0, indices + indices.dtype.type(count), indices)
    ladder = np.arange(count).reshape((-1,) + (1,) * (indices.ndim - axis))
    is_on = np.expand_dims(positions, axis) == ladder
    return np.asarray(np.where(is_on, values[1], values[0]), values.dtype)


RULES: dict[str, Rule] = {
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_places,
    "OneHot": _encode_one_hot,
    "ScatterElements": _scatter_elements,
    "ScatterND": _scatter_places,
    "TensorScatter": _scatter_sequence,
}
