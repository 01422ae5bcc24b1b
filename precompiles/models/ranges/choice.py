"""Ranges of what is moved, chosen or compared: one of the operands, or a place."""

from collections.abc import Callable

from onnx import TensorProto

from precompiles.models.graph import Node
from precompiles.models.naming import for_each
from precompiles.models.ranges.facts import Facts, Transfer
from precompiles.models.ranges.interval import BIT, HALF, Interval, join_all, measure
from precompiles.models.reading.constant import read_constant
from precompiles.tensor import DType

_ZERO = Interval(0, 0)


def _first(node: Node, facts: Facts) -> Interval | None:
    return facts.find_bound(node, 0)


def _first_or_zero(node: Node, facts: Facts) -> Interval | None:
    return join_all([facts.find_bound(node, 0), _ZERO])


def _all(node: Node, facts: Facts) -> Interval | None:
    return join_all(facts.list_bounds(node))


def _pad(node: Node, facts: Facts) -> Interval | None:
    filler = facts.find_bound(node, 2) if facts.find_name(node, 2) else _ZERO
    return join_all([facts.find_bound(node, 0), filler])


def _choose(node: Node, facts: Facts) -> Interval | None:
    return join_all([facts.find_bound(node, 1), facts.find_bound(node, 2)])


def _scatter(node: Node, facts: Facts) -> Interval | None:
    if facts.read_text(node, "reduction", "none") != "none":
        return None
    return join_all([facts.find_bound(node, 0), facts.find_bound(node, 2)])


def _update(node: Node, facts: Facts) -> Interval | None:
    return join_all([facts.find_bound(node, 0), facts.find_bound(node, 1)])


def _order(apply: Transfer) -> Transfer:
    """Of a choice by size; int64 beyond 32 bits may be misordered, so any operand may come out."""

    def transfer(node: Node, facts: Facts) -> Interval | None:
        bounds = facts.list_bounds(node)
        narrow = all(bound is not None and bound.is_within(HALF) for bound in bounds)
        if narrow or facts.get_result(node).dtype is not DType.INT64:
            return apply(node, facts)
        return join_all(bounds)

    return transfer


def _extreme(combine: Callable[[Interval, Interval], Interval]) -> Transfer:
    """Over all operands."""

    def transfer(node: Node, facts: Facts) -> Interval | None:
        first, *rest = facts.list_bounds(node)
        found = first
        for bound in rest:
            if found is None or bound is None:
                return None
            found = combine(found, bound)
        return found

    return transfer


def _maximum(left: Interval, right: Interval) -> Interval:
    return Interval(max(left.low, right.low), max(left.high, right.high))


def _minimum(left: Interval, right: Interval) -> Interval:
    return Interval(min(left.low, right.low), min(left.high, right.high))


def _clip(node: Node, facts: Facts) -> Interval | None:
    data = facts.find_bound(node, 0)
    low = facts.find_bound(node, 1) if facts.find_name(node, 1) else None
    high = facts.find_bound(node, 2) if facts.find_name(node, 2) else None
    if data is None:
        return None
    if low is not None:
        data = _maximum(data, low)
    return _minimum(data, high) if high is not None else data


def _index_of(node: Node, facts: Facts) -> Interval:
    shape = facts.get_kind(node, 0).shape
    axis = facts.read_integer(node, "axis", 0)
    return Interval(0, max(shape[axis] - 1, 0) if shape else 0)


def _filler(node: Node, facts: Facts) -> Interval | None:
    """Of a result known before the run but too large to have been folded."""
    given = node.attributes.get("value")
    return measure(read_constant(given, "value")) if isinstance(given, TensorProto) else _ZERO


def _pool(node: Node, facts: Facts) -> Interval | None:
    """A window outside the image gives the lowest value of the type."""
    padded = any(facts.read_integers(node, "pads")) or facts.read_integer(node, "ceil_mode", 0)
    automatic = facts.read_text(node, "auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER")
    return None if padded or automatic else facts.find_bound(node, 0)


CHOICES: dict[str, Transfer] = {
    **for_each(
        "Identity Reshape Flatten Squeeze Unsqueeze Transpose Slice Split Expand Tile "
        "DepthToSpace SpaceToDepth Gather GatherElements GatherND ReverseSequence TopK "
        "Dropout ReduceMax ReduceMin",
        _first,
    ),
    **for_each("Trilu CenterCropPad MaxUnpool", _first_or_zero),
    **for_each("Greater GreaterOrEqual Less LessOrEqual", lambda node, facts: BIT),
    **for_each("ScatterElements ScatterND", _scatter),
    **for_each("ArgMax ArgMin", _index_of),
    "Concat": _all,
    "TensorScatter": _update,
    "Pad": _pad,
    "Where": _choose,
    "Max": _order(_extreme(_maximum)),
    "Min": _order(_extreme(_minimum)),
    "Clip": _order(_clip),
    "MaxPool": _pool,
    "OneHot": lambda node, facts: facts.find_bound(node, 2),
    "EyeLike": lambda node, facts: BIT,
    "ConstantOfShape": _filler,
}
