"""Windows unrolled into columns, a bounded tile of output positions at a time."""

from collections.abc import Iterator
from math import prod

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.reference.window import Window
from precompiles.models.graph import Array

_TILE = 1 << 16  # float64 elements of an unrolled tile


def pad(array: Array, window: Window, fill: float) -> Array:
    """All that the windows reach, from `before` in front of each spatial axis. (n, c, *spatial)."""
    spatial = array.shape[2:]
    after = window.compute_after(spatial)
    if not any(window.before) and not any(after):
        return array
    padded = np.full(
        (
            *array.shape[:2],
            *(f + s + a for f, s, a in zip(window.before, spatial, after, strict=True)),
        ),
        fill,
        array.dtype,
    )
    inner = tuple(slice(f, f + s) for f, s in zip(window.before, spatial, strict=True))
    padded[(slice(None), slice(None), *inner)] = array
    return padded


def view_windows(padded: Array, window: Window) -> Array:
    """A view (n, c, *kernel, *out): what each kernel position sees at each output position."""
    steps = padded.strides[2:]
    return np.lib.stride_tricks.as_strided(
        padded,
        (*padded.shape[:2], *window.kernel, *window.out),
        (
            *padded.strides[:2],
            *(s * d for s, d in zip(steps, window.dilations, strict=True)),
            *(s * t for s, t in zip(steps, window.strides, strict=True)),
        ),
        writeable=False,
    )


def unroll(view: Array, groups: int, rank: int) -> Iterator[tuple[tuple[slice, ...], Doubles]]:
    """Columns of one image, tile by tile in row-major order of the output positions.

    Shapes: view (groups * c, *kernel, *out); each tile (groups, c * kernel, positions), with the
    slices of `out` that it covers. A tile holds at least one position.
    """
    lead, out = view.shape[: rank + 1], view.shape[rank + 1 :]
    column = max(prod(lead), 1)
    axis = next(i for i in range(rank) if column * prod(out[i + 1 :]) <= _TILE or i == rank - 1)
    step = max(_TILE // (column * prod(out[axis + 1 :])), 1)
    for place in np.ndindex(out[:axis]):
        outer = tuple(slice(at, at + 1) for at in place)
        for start in range(0, out[axis], step):
            part = slice(start, min(start + step, out[axis]))
            cover = (*outer, part, *(slice(size) for size in out[axis + 1 :]))
            found = view[(*(slice(None),) * (rank + 1), *cover)]
            tile = np.empty(found.shape)
            np.copyto(tile, found)
            yield cover, tile.reshape(groups, prod(lead) // groups, -1)
