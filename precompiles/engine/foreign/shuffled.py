"""Sums as on a GPU: partial sums arrive in any order, and float32 rounds after each.

Every run draws new orders from the seed, so a host disagrees even with itself.
"""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import shake_128

import numpy as np

from precompiles.engine.foreign.evaluated import EvaluatedEngine
from precompiles.engine.portable.evaluator import RULES, evaluate
from precompiles.engine.portable.rules.choice import read_reduced
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.reference.window import read_window, take_taps
from precompiles.models.graph import Array, Graph
from precompiles.models.store import ModelStore

Order = Callable[[int], Array]  # a permutation of so many places


class ShuffledEngine(EvaluatedEngine):
    """An engine whose float sums have no fixed order."""

    def __init__(self, store: ModelStore, seed: bytes) -> None:
        super().__init__(store)
        self._seed, self._runs = seed, 0

    def evaluate(self, model: bytes, graph: Graph, feed: Mapping[str, Array]) -> dict[str, Array]:
        self._runs += 1
        return evaluate(graph, feed, build_rules(self._seed + self._runs.to_bytes(8)))


def build_rules(key: bytes) -> Mapping[str, Rule]:
    """The portable evaluator's rules with sums in orders that follow from the key."""
    order = partial(draw_order, key)
    return {
        **RULES,
        "Conv": partial(_convolve, order),
        "Gemm": partial(_multiply_general, order),
        "MatMul": partial(_multiply, order),
        "ReduceMean": partial(_reduce, order, True),
        "ReduceSum": partial(_reduce, order, False),
    }


def draw_order(key: bytes, count: int) -> Array:
    """A permutation of 0 .. count - 1."""
    words = shake_128(key + count.to_bytes(8)).digest(8 * count)
    return np.argsort(np.frombuffer(words, "<u8"), kind="stable")


def multiply_in_order(left: Array, right: Array, order: Array) -> Array:
    """`left @ right`, one term after another, each product and each sum rounded.

    Shapes: left (..., m, k), right (..., k, n), order (k,).
    """
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    total = np.zeros((*batch, left.shape[-2], right.shape[-1]), left.dtype)
    for at in order:
        total += left[..., :, at, None] * right[..., None, at, :]
    return total


def _multiply(order: Order, site: Site) -> Compute:
    shape = site.use.result.shape

    def compute(operands: Operands) -> Array:
        left, right = operands[0], operands[1]
        left = left if left.ndim > 1 else left[None, :]
        right = right if right.ndim > 1 else right[:, None]
        return multiply_in_order(left, right, order(left.shape[-1])).reshape(shape)

    return compute


def _multiply_general(order: Order, site: Site) -> Compute:
    use, dtype = site.use, site.dtype
    turned = [use.read_integer(name, 0) for name in ("transA", "transB")]
    alpha, beta = (dtype.type(site.read_number(name, 1.0)) for name in ("alpha", "beta"))

    def compute(operands: Operands) -> Array:
        left, right = (
            array.T if turn else array for array, turn in zip(operands[:2], turned, strict=True)
        )
        total = alpha * multiply_in_order(left, right, order(left.shape[1]))
        offset = find(operands, 2)
        return np.asarray(total if offset is None else total + beta * offset, dtype)

    return compute


def _convolve(order: Order, site: Site) -> Compute:
    groups = site.use.read_integer("group", 1)
    shape = site.get(1).shape
    window = read_window(site.use, site.get(0).shape[2:], shape[2:])
    depth = shape[1]

    def compute(operands: Operands) -> Array:
        image, weights = operands[0], operands[1]
        taps = [tap for _, tap in take_taps(image, window, fill=0)]
        stacked = np.stack(taps, axis=2)
        columns = stacked.reshape(image.shape[0], groups, depth * len(taps), -1)
        filters = weights.reshape(groups, -1, depth * len(taps))
        sums = multiply_in_order(filters, columns, order(depth * len(taps)))
        total = sums.reshape(site.use.result.shape)
        offset = find(operands, 2)
        if offset is None:
            return total
        return np.asarray(total + offset.reshape(-1, *(1,) * (len(shape) - 2)))

    return compute


def _reduce(order: Order, averages: bool, site: Site) -> Compute:
    shape = site.use.result.shape
    all_axes = not site.use.read_integer("noop_with_empty_axes", 0)

    def compute(operands: Operands) -> Array:
        array = operands[0]
        axes = read_reduced(site, operands, array.ndim, all_axes)
        if not axes:
            return array
        kept = [axis for axis in range(array.ndim) if axis not in axes]
        count = int(np.prod([array.shape[axis] for axis in axes]))
        terms = array.transpose([*axes, *kept]).reshape(count, -1)
        total = np.zeros(terms.shape[1], array.dtype)
        for at in order(count):
            total += terms[at]
        if averages:
            total = total / total.dtype.type(count)
        return total.reshape(shape)

    return compute
