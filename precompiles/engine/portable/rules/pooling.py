"""Pooling: extremes chosen by order, sums over a window in row-major order, rounded once."""

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.functions.power import compute_pow
from precompiles.engine.portable.rules.choice import from_keys, to_keys
from precompiles.engine.portable.rules.reduction import average, gather_last
from precompiles.engine.portable.rules.window import pad
from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.engine.reference.application import is_float
from precompiles.engine.reference.window import Window, read_window, take_taps
from precompiles.models.graph import Array


def _read_pool(site: Site) -> Window:
    kernel = site.use.read_integers("kernel_shape")
    assert kernel is not None, f"{site.use.node.operator} without kernel_shape"
    return read_window(site.use, site.get(0).shape[2:], kernel)


def _pool_largest(site: Site) -> Compute:
    window, dtype = _read_pool(site), site.get(0).dtype
    column_major = site.use.read_integer("storage_order", 0) == 1
    places = _number(site.get(0).shape, column_major) if site.wants(1) else None

    def compute(operands: Operands) -> Array | tuple[Array, ...]:
        keys = to_keys(operands[0]) if is_float(operands[0]) else operands[0]
        lowest = int(np.iinfo(keys.dtype).min)
        if is_float(operands[0]):
            lowest += 1  # is -inf or below; the least key of all is NaN
        best = np.full((*keys.shape[:2], *window.out), lowest, keys.dtype)
        if places is None:
            for _, tap in take_taps(keys, window, lowest):
                np.maximum(best, tap, out=best)
            return _restore(best, dtype, lowest)
        chosen = np.full(best.shape, -1, np.int64)
        taps = take_taps(keys, window, lowest)
        for (_, tap), (_, place) in zip(taps, take_taps(places, window, -1), strict=True):
            larger = (place >= 0) & ((tap > best) | (chosen < 0))
            best = np.where(larger, tap, best)
            chosen = np.where(larger, place, chosen)
        return _restore(best, dtype, lowest), chosen

    return compute


def _restore(keys: Array, dtype: np.dtype[np.generic], lowest: int) -> Array:
    """A window of padding alone has -inf."""
    if dtype.kind != "f":
        return keys
    return np.where(keys == lowest, dtype.type(-np.inf), from_keys(keys, dtype))


def _number(shape: tuple[int, ...], column_major: bool) -> Array:
    """Index of every element in the flat tensor; column-major within one channel if asked."""
    channel = np.arange(prod(shape[2:]), dtype=np.int64)
    channel = channel.reshape(shape[2:], order="F" if column_major else "C")
    start = np.arange(prod(shape[:2]), dtype=np.int64) * channel.size
    return start.reshape(*shape[:2], *(1,) * channel.ndim) + channel


def _pool_average(site: Site) -> Compute:
    window, dtype = _read_pool(site), site.dtype
    counts = _count(site, window)
    return lambda operands: (add_window(operands[0], window, _same) / counts).astype(dtype)


def _pool_power(site: Site) -> Compute:
    """LpPool."""
    window, dtype = _read_pool(site), site.dtype
    power = float(site.use.read_integer("p", 2))

    def compute(operands: Operands) -> Array:
        if power == 1.0:
            return add_window(operands[0], window, np.abs).astype(dtype)
        if power == 2.0:
            return np.sqrt(add_window(operands[0], window, np.square)).astype(dtype)
        total = add_window(operands[0], window, lambda x: compute_pow(np.abs(x), np.asarray(power)))
        return compute_pow(total, np.asarray(1.0 / power)).astype(dtype)

    return compute


def _same(values: Doubles) -> Doubles:
    return values


def add_window(array: Array, window: Window, prepare: Callable[[Doubles], Doubles]) -> Doubles:
    """Sum of the prepared elements of each window, in float64, one kernel position after another.

    Shapes: (n, c, *spatial) to (n, c, *out).
    """
    total = np.zeros((*array.shape[:2], *window.out))
    for _, tap in take_taps(prepare(array.astype(np.float64)), window, fill=0):
        total += tap
    return total


def _count(site: Site, window: Window) -> Doubles:
    """Elements that each window is divided by. Shape: (1, 1, *out)."""
    spatial = site.get(0).shape[2:]
    ones = np.ones((1, 1, *spatial))
    if not site.use.read_integer("count_include_pad", 0):
        return add_window(ones, window, _same)
    rank = len(spatial)
    pads = site.use.read_integers("pads") or (0,) * (2 * rank)
    behind = pads[rank:]
    if site.use.read_text("auto_pad", "NOTSET") != "NOTSET":
        reach = pad(ones, window, 0).shape[2:]
        behind = tuple(r - s - f for r, s, f in zip(reach, spatial, window.before, strict=True))
    padded = tuple(f + s + b for f, s, b in zip(window.before, spatial, behind, strict=True))
    return add_window(np.ones((1, 1, *padded)), replace(window, before=(0,) * rank), _same)


def _pool_globally(site: Site) -> Compute:
    shape, dtype = site.use.result.shape, site.dtype
    axes = tuple(range(2, len(shape)))
    return lambda operands: average(gather_last(operands[0], axes)).reshape(shape).astype(dtype)


def _pool_largest_globally(site: Site) -> Compute:
    axes, dtype = tuple(range(2, len(site.use.result.shape))), site.dtype

    def compute(operands: Operands) -> Array:
        return from_keys(np.max(to_keys(operands[0]), axis=axes, keepdims=True), dtype)

    return compute


RULES: dict[str, Rule] = {
    "AveragePool": _pool_average,
    "GlobalAveragePool": _pool_globally,
    "GlobalMaxPool": _pool_largest_globally,
    "LpPool": _pool_power,
    "MaxPool": _pool_largest,
}
