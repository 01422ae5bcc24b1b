"""Sums over axes by the fixed tree of `total` in float64, rounded once."""

from collections.abc import Callable

import numpy as np

from precompiles.engine.portable.functions.exponential import compute_exp
from precompiles.engine.portable.functions.logarithm import compute_log
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.rules.choice import read_reduced
from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.engine.portable.sums.total import add_up
from precompiles.engine.reference.application import normalize_axis
from precompiles.models.graph import Array

Reduce = Callable[[Doubles], Doubles]  # (..., n) to (...)


def gather_last(array: Array, axes: tuple[int, ...]) -> Doubles:
    """The axes together as the last one, in float64."""
    kept = [axis for axis in range(array.ndim) if axis not in axes]
    turned = array.transpose([*kept, *axes])
    count = int(np.prod([array.shape[axis] for axis in axes]))
    return turned.reshape(*(array.shape[axis] for axis in kept), count).astype(np.float64)


def _build(reduce: Reduce) -> Rule:
    def rule(site: Site) -> Compute:
        shape, dtype = site.use.result.shape, site.dtype
        all_axes = not site.use.read_integer("noop_with_empty_axes", 0)

        def compute(operands: Operands) -> Array:
            axes = read_reduced(site, operands, operands[0].ndim, all_axes)
            if not axes:
                return reduce(operands[0].astype(np.float64)[..., None]).astype(dtype)
            return reduce(gather_last(operands[0], axes)).reshape(shape).astype(dtype)

        return compute

    return rule


def multiply_up(values: Doubles) -> Doubles:
    """Product over the last axis by a tree of halves."""
    if values.shape[-1] == 0:
        return np.ones(values.shape[:-1])
    while values.shape[-1] > 1:
        half = values.shape[-1] // 2
        rest = values[..., 2 * half :]
        values = np.concatenate([values[..., :half] * values[..., half : 2 * half], rest], axis=-1)
    return values[..., 0]


def add_exponentials(values: Doubles) -> Doubles:
    """log of the sum of exp, from the largest value on."""
    if values.shape[-1] == 0:
        return np.full(values.shape[:-1], -np.inf)
    largest = np.max(values, axis=-1)
    anchor = np.where(np.isfinite(largest), largest, 0.0)
    return compute_log(add_up(compute_exp(values - anchor[..., None]))) + anchor


def average(values: Doubles) -> Doubles:
    return add_up(values) / float(values.shape[-1])


def _accumulate(site: Site) -> Compute:
    """Running sums in float64, from one end to the other, each rounded once."""
    dtype, rank = site.dtype, len(site.get(0).shape)
    reverse = bool(site.use.read_integer("reverse", 0))
    exclusive = bool(site.use.read_integer("exclusive", 0))

    def compute(operands: Operands) -> Array:
        axis = normalize_axis(int(operands[1].reshape(-1)[0]), rank)
        ordered = np.moveaxis(operands[0].astype(np.float64), axis, 0)
        if reverse:
            ordered = ordered[::-1]
        sums = np.add.accumulate(ordered, axis=0)
        if exclusive:
            sums = np.concatenate([np.zeros_like(sums[:1]), sums[:-1]])
        if reverse:
            sums = sums[::-1]
        return np.moveaxis(sums, 0, axis).astype(dtype, order="C")

    return compute


RULES: dict[str, Rule] = {
    "CumSum": _accumulate,
    "ReduceL1": _build(lambda values: add_up(np.abs(values))),
    "ReduceL2": _build(lambda values: np.sqrt(add_up(values * values))),
    "ReduceLogSum": _build(lambda values: compute_log(add_up(values))),
    "ReduceLogSumExp": _build(add_exponentials),
    "ReduceMean": _build(average),
    "ReduceProd": _build(multiply_up),
    "ReduceSum": _build(add_up),
    "ReduceSumSquare": _build(lambda values: add_up(values * values)),
}
