"""Ranges of matrix products and convolutions: sums bounded channel by channel from the weights.

For weights w and an input within l..h, with l <= 0 <= h, each sum and each of its partial sums in
any order is within l P + h N .. h P + l N, where P and N add up the positive and negative weights.
"""

import math
from collections.abc import Iterator

import numpy as np

from precompiles.models.graph import Array, Node
from precompiles.models.ranges.facts import Facts
from precompiles.models.ranges.interval import Interval

_ZERO = Interval(0, 0)
_MANY = 1 << 16  # channels beyond which the extremes are taken apart
_BLOCK = 1 << 20  # weights looked at together


def bound_product(node: Node, facts: Facts) -> Interval | None:
    """Sums of a product before any rescaling, bias included; nothing for floats."""
    operator = node.operator
    if operator == "MatMul":
        return _bound_matmul(node, facts, (0, 1), (-1, -1))
    if operator == "MatMulInteger":
        return _bound_matmul(node, facts, (0, 1), (2, 3))
    if operator == "QLinearMatMul":
        return _bound_matmul(node, facts, (0, 3), (2, 5))
    if operator == "ConvInteger":
        return _bound_convolution(node, facts, (0, 1), (2, 3))
    if operator == "QLinearConv":
        sums = _bound_convolution(node, facts, (0, 3), (2, 5))
        bias = facts.find_bound(node, 8) if facts.find_name(node, 8) else _ZERO
        return None if sums is None or bias is None else sums.add(bias.join(_ZERO))
    if operator == "Einsum":
        return _bound_einsum(node, facts)
    return None


def read_weights(node: Node, facts: Facts, operand: int, zero: int) -> Array | None:
    """Constant weights less their zero point, wide enough; nothing if either varies.

    Shapes: of a matrix (..., k, columns); of a convolution (channels, ...).
    """
    weights = facts.find_value(node, operand)
    if weights is None or weights.dtype.kind not in "iu":
        return None
    if weights.size and int(weights.max()) >= 1 << 62:
        return None
    wide = weights.astype(np.int16 if weights.dtype.itemsize == 1 else np.int64)
    if zero < 0 or not facts.find_name(node, zero):
        return wide
    point = facts.find_value(node, zero)
    if point is None:
        return None
    shift = point.astype(wide.dtype)
    if shift.size == 1:
        return wide - shift.reshape(())
    if "Conv" in node.operator:
        return wide - shift.reshape(-1, *(1,) * (wide.ndim - 1))
    return wide - shift


def bound_shifted(node: Node, facts: Facts, operand: int, zero: int) -> Interval | None:
    """Of an operand less its zero point, 0 included."""
    bound = facts.find_bound(node, operand)
    if bound is None:
        return None
    point: Interval | None = _ZERO
    if zero >= 0 and facts.find_name(node, zero):
        point = facts.find_bound(node, zero)
    return None if point is None else bound.subtract(point).join(_ZERO)


def _bound_matmul(
    node: Node, facts: Facts, operands: tuple[int, int], zeros: tuple[int, int]
) -> Interval | None:
    left, right = operands
    if facts.get_kind(node, left).dtype.is_float:
        return None
    moving = bound_shifted(node, facts, left, zeros[0])
    weights = read_weights(node, facts, right, zeros[1])
    if weights is not None:
        columns = weights if weights.ndim > 1 else weights[:, np.newaxis]
        return _bound_sums(moving, np.moveaxis(columns, -2, 0))
    rows = read_weights(node, facts, left, zeros[0])
    if rows is not None:
        return _bound_sums(bound_shifted(node, facts, right, zeros[1]), np.moveaxis(rows, -1, 0))
    other = bound_shifted(node, facts, right, zeros[1])
    depth = (facts.get_kind(node, left).shape or (1,))[-1]
    return None if moving is None or other is None else moving.multiply(other).scale(depth)


def _bound_convolution(
    node: Node, facts: Facts, operands: tuple[int, int], zeros: tuple[int, int]
) -> Interval | None:
    moving = bound_shifted(node, facts, operands[0], zeros[0])
    weights = read_weights(node, facts, operands[1], zeros[1])
    if weights is not None:
        return _bound_sums(moving, weights.reshape(weights.shape[0], -1).T)
    other = bound_shifted(node, facts, operands[1], zeros[1])
    depth = math.prod(facts.get_kind(node, operands[1]).shape[1:])
    return None if moving is None or other is None else moving.multiply(other).scale(depth)


def _bound_einsum(node: Node, facts: Facts) -> Interval | None:
    """Product of the operands, times the size of every letter that is summed."""
    left, _, right = facts.read_text(node, "equation", "").replace(" ", "").partition("->")
    terms = left.split(",")
    sizes: dict[str, int] = {}
    for index, term in enumerate(terms):
        sizes |= dict(zip(term, facts.get_kind(node, index).shape, strict=False))
    if "->" not in facts.read_text(node, "equation", ""):
        right = "".join(letter for letter in sizes if left.count(letter) == 1)
    depth = math.prod(size for letter, size in sizes.items() if letter not in right)
    bound: Interval | None = Interval(1, 1)
    for operand in facts.list_bounds(node):
        bound = None if bound is None or operand is None else bound.multiply(operand)
    return None if bound is None else bound.scale(depth)


def _bound_sums(moving: Interval | None, weights: Array) -> Interval | None:
    """Over all sums along axis 0 of `weights` (k, ...) with elements of `moving`."""
    if moving is None or not weights.size:
        return None
    low, high = min(moving.low, 0), max(moving.high, 0)
    largest = max(abs(int(weights.min())), abs(int(weights.max())))
    depth = weights.shape[0]
    if largest * depth >= 1 << 62:
        return Interval(low, high).multiply(Interval(-largest, largest)).scale(depth)
    found = Interval(0, 0)
    for block in iterate_blocks(weights):
        positive = np.add.reduce(np.maximum(block, 0), axis=0, dtype=np.int64)
        negative = np.add.reduce(np.minimum(block, 0), axis=0, dtype=np.int64)
        if weights.size // depth > _MANY:
            positive, negative = positive.max(keepdims=True), negative.min(keepdims=True)
        rising, falling = positive.astype(object), negative.astype(object)
        lows, highs = low * rising + high * falling, high * rising + low * falling
        found = found.join(Interval(int(lows.min()), int(highs.max())))
    return found


def iterate_blocks(weights: Array) -> Iterator[Array]:
    """Parts of an array (k, ...) with whole sums, small enough to be widened.

    Shapes: each (k, columns).
    """
    depth = weights.shape[0]
    columns = weights.reshape(depth, -1)
    step = max(1, _BLOCK // depth)
    for start in range(0, columns.shape[1], step):
        yield columns[:, start : start + step]
