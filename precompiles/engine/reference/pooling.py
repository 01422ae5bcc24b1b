"""Largest element of each window, and where it stands; ties go to the first."""

import math

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    Rule,
    Undefined,
    is_float,
    refuse_nan,
)
from precompiles.engine.reference.window import Window, read_window, take_taps
from precompiles.models.graph import Array


def _pool(application: Application) -> tuple[Array, ...]:
    array = application.first
    refuse_nan(application, array)
    kernel = application.read_integers("kernel_shape")
    assert kernel is not None, "MaxPool without kernel_shape"
    window = read_window(application, array.shape[2:], kernel)
    _refuse_empty_window(window, array.shape[2:])
    lowest = -np.inf if is_float(array) else np.iinfo(array.dtype).min
    best = np.full((*array.shape[:2], *window.out), lowest, array.dtype)
    if len(application.results) < 2 or application.results[1] is None:
        for _, tap in take_taps(array, window, lowest):
            np.maximum(best, tap, out=best)
        return (_refuse_infinity(best),)
    column_major = application.read_integer("storage_order", 0) == 1
    places = _number(array.shape, column_major)
    chosen = np.full(best.shape, -1, np.int64)
    taps = take_taps(array, window, lowest)
    for (_, tap), (_, place) in zip(taps, take_taps(places, window, -1), strict=True):
        larger = (place >= 0) & ((tap > best) | (chosen < 0))
        best = np.where(larger, tap, best)
        chosen = np.where(larger, place, chosen)
    return _refuse_infinity(best), chosen


def _refuse_empty_window(window: Window, spatial: tuple[int, ...]) -> None:
    for axis, size in enumerate(spatial):
        if (window.out[axis] - 1) * window.strides[axis] >= size + window.before[axis]:
            raise Undefined("a last window of padding alone, which the runtime leaves out")


def _refuse_infinity(best: Array) -> Array:
    if is_float(best) and bool((best == -np.inf).any()):
        raise Undefined("a window of -inf alone: runtimes also give the lowest finite value")
    return best


def _number(shape: tuple[int, ...], column_major: bool) -> Array:
    """Index of every element in the flat tensor; column-major within one channel if asked."""
    channel = np.arange(math.prod(shape[2:]), dtype=np.int64)
    channel = channel.reshape(shape[2:], order="F" if column_major else "C")
    start = np.arange(math.prod(shape[:2]), dtype=np.int64) * channel.size
    start = start.reshape(*shape[:2], *(1,) * channel.ndim)
    return np.asarray(start + channel)


def _pool_globally(application: Application) -> Array:
    array = application.first
    refuse_nan(application, array)
    axes = tuple(range(2, array.ndim))
    return _refuse_infinity(np.asarray(np.max(array, axis=axes, keepdims=True)))


RULES: dict[str, Rule] = {"GlobalMaxPool": _pool_globally, "MaxPool": _pool}
