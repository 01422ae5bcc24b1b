"""Data movement: the same elements in another shape, order or number; any element type."""

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    Rule,
    Undefined,
    normalize_axis,
    read_axes,
)
from precompiles.models.graph import Array


def _read_integers(array: Array) -> tuple[int, ...]:
    return tuple(int(item) for item in array.reshape(-1))


def _reshape(application: Application) -> Array:
    array, wanted = application.first, list(_read_integers(application.get(1)))
    if not application.read_integer("allowzero", 0):
        wanted = [array.shape[i] if size == 0 else size for i, size in enumerate(wanted)]
    return array.reshape(wanted)


def _flatten(application: Application) -> Array:
    array, axis = application.first, application.read_integer("axis", 1)
    axis = axis + array.ndim if axis < 0 else axis  # the rank itself is allowed
    rows = int(np.prod(array.shape[:axis], dtype=np.int64))
    return array.reshape(rows, int(np.prod(array.shape[axis:], dtype=np.int64)))


def _squeeze(application: Application) -> Array:
    array, axes = application.first, read_axes(application, 1)
    if axes is None:
        return array.squeeze()
    return array.squeeze(tuple(normalize_axis(axis, array.ndim) for axis in axes))


def _unsqueeze(application: Application) -> Array:
    axes = read_axes(application, 1)
    assert axes is not None, "Unsqueeze without axes"
    return np.expand_dims(application.first, axes)


def _transpose(application: Application) -> Array:
    return np.transpose(application.first, application.read_integers("perm"))


def _concatenate(application: Application) -> Array:
    return np.concatenate(application.present, application.read_integer("axis", 0))


def _slice(application: Application) -> Array:
    array = application.first
    starts, ends = (_read_integers(application.get(index)) for index in (1, 2))
    given_axes, given_steps = application.find(3), application.find(4)
    axes = range(len(starts)) if given_axes is None else _read_integers(given_axes)
    steps = (1,) * len(starts) if given_steps is None else _read_integers(given_steps)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        axis = normalize_axis(axis, array.ndim)
        kept = _compute_range(start, end, step, array.shape[axis])
        array = np.take(array, np.asarray(kept, np.int64), axis)
    return array


def _compute_range(start: int, end: int, step: int, size: int) -> range:
    if step == 0:
        raise Undefined("a slice with step 0")
    start, end = (at + size if at < 0 else at for at in (start, end))
    if step > 0:
        return range(min(max(start, 0), size), min(max(end, 0), size), step)
    return range(min(max(start, 0), size - 1), min(max(end, -1), size - 1), step)


def _split(application: Application) -> tuple[Array, ...]:
    array = application.first
    axis = normalize_axis(application.read_integer("axis", 0), array.ndim)
    given = application.find(1)
    if given is not None:
        sizes = _read_integers(given)
    else:
        parts = len(application.results)
        each = -(-array.shape[axis] // parts)
        sizes = (*(each,) * (parts - 1), array.shape[axis] - each * (parts - 1))
    return tuple(np.split(array, np.cumsum(sizes)[:-1], axis))


def _expand(application: Application) -> Array:
    array, wanted = application.first, _read_integers(application.get(1))
    application.expect(np.broadcast_shapes(array.shape, wanted))
    return np.broadcast_to(array, application.result.shape)


def _tile(application: Application) -> Array:
    array, repeats = application.first, _read_integers(application.get(1))
    application.expect(tuple(a * b for a, b in zip(array.shape, repeats, strict=True)))
    return np.tile(array, repeats)


def _pad(application: Application) -> Array:
    array, pads = application.first, _read_integers(application.get(1))
    axes = read_axes(application, 3)
    axes = tuple(range(array.ndim)) if axes is None else axes
    widths = [(0, 0)] * array.ndim
    for at, axis in enumerate(axes):
        widths[normalize_axis(axis, array.ndim)] = pads[at], pads[at + len(axes)]
    application.expect(
        tuple(sum(width) + size for width, size in zip(widths, array.shape, strict=True))
    )
    # negative widths crop, and cropping comes before padding
    cropped = array[
        tuple(
            slice(max(-front, 0), size - max(-back, 0))
            for (front, back), size in zip(widths, array.shape, strict=True)
        )
    ]
    grown = [(max(front, 0), max(back, 0)) for front, back in widths]
    mode = application.read_text("mode", "constant")
    if mode == "constant":
        value = application.find(2)
        fill = array.dtype.type(0) if value is None else value.reshape(-1)[0]
        return np.pad(cropped, grown, constant_values=fill)
    if mode == "edge":
        return np.pad(cropped, grown, mode="edge")
    if mode == "reflect":
        return np.pad(cropped, grown, mode="reflect")
    application.require(mode == "wrap", f"with mode '{mode}'")
    return np.pad(cropped, grown, mode="wrap")


def _move_depth_to_space(application: Application) -> Array:
    array, block = application.first, application.read_integer("blocksize", 1)
    batch, depth, height, width = array.shape
    left = depth // block**2
    if application.read_text("mode", "DCR") == "DCR":
        cut = array.reshape(batch, block, block, left, height, width)
        cut = cut.transpose(0, 3, 4, 1, 5, 2)
    else:
        cut = array.reshape(batch, left, block, block, height, width)
        cut = cut.transpose(0, 1, 4, 2, 5, 3)
    return cut.reshape(batch, left, height * block, width * block)


def _move_space_to_depth(application: Application) -> Array:
    array, block = application.first, application.read_integer("blocksize", 1)
    batch, depth, height, width = array.shape
    cut = array.reshape(batch, depth, height // block, block, width // block, block)
    if application.read_text("mode", "DCR") == "DCR":
        cut = cut.transpose(0, 3, 5, 1, 2, 4)
    else:
        cut = cut.transpose(0, 1, 3, 5, 2, 4)
    return cut.reshape(batch, depth * block**2, height // block, width // block)


def _reverse_sequence(application: Application) -> Array:
    array, lengths = application.first, _read_integers(application.get(1))
    batch_axis = application.read_integer("batch_axis", 1)
    time_axis = application.read_integer("time_axis", 0)
    ordered = np.moveaxis(array, (batch_axis, time_axis), (0, 1)).copy()
    for row, length in enumerate(lengths):
        ordered[row, :length] = ordered[row, :length][::-1].copy()
    return np.moveaxis(ordered, (0, 1), (batch_axis, time_axis))


def _drop_nothing(application: Application) -> tuple[Array, ...]:
    training = application.find(2)
    application.require(training is None or not bool(training.any()), "in training")
    return application.first, np.ones(application.first.shape, np.bool_)


def _cut_triangle(application: Application) -> Array:
    array, given = application.first, application.find(1)
    offset = 0 if given is None else int(given.reshape(-1)[0])
    cut = np.triu if application.read_integer("upper", 1) else np.tril
    return np.asarray(cut(array, offset))


RULES: dict[str, Rule] = {
    "Concat": _concatenate,
    "DepthToSpace": _move_depth_to_space,
    "Dropout": _drop_nothing,
    "Expand": _expand,
    "Flatten": _flatten,
    "Identity": lambda application: application.first,
    "Pad": _pad,
    "Reshape": _reshape,
    "ReverseSequence": _reverse_sequence,
    "Slice": _slice,
    "SpaceToDepth": _move_space_to_depth,
    "Split": _split,
    "Squeeze": _squeeze,
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _cut_triangle,
    "Unsqueeze": _unsqueeze,
}
