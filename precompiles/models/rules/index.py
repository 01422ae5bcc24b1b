"""Rules of operators that address elements by index: inside the axis, proven, or refused.

An index outside makes the runtime stop the call on every host. That is no outcome a contract could
see, so such a model would never be answered.
"""

import numpy as np

from precompiles.models.graph import Array, Node
from precompiles.models.ranges.facts import Facts
from precompiles.models.ranges.interval import Interval
from precompiles.models.rules.verdict import Verdict, accept, pin, refuse

_FARTHEST = (1 << 31) - 1  # index that goes around and around


def judge_index(node: Node, facts: Facts) -> Verdict:
    problem = _find_outside(node, facts)
    if problem:
        return refuse(node, problem)
    if not node.row.exact:
        return pin(node)
    if node.operator == "OneHot" and facts.get_kind(node, 0).dtype.is_float:
        return pin(node, "float indices are cut to integers, which differs on ARM")
    if node.operator in ("ScatterElements", "ScatterND"):
        return _judge_scatter(node, facts)
    return accept(node, "every index is inside the axis")


def _find_outside(node: Node, facts: Facts) -> str:
    """Which index may be outside, empty if none."""
    shape = facts.get_kind(node, 0).shape
    axis = facts.read_integer(node, "axis", 0)
    if node.operator in ("Gather", "GatherElements", "ScatterElements"):
        return _describe(node, facts, 1, -shape[axis], shape[axis] - 1)
    if node.operator in ("GatherND", "ScatterND"):
        depth = facts.get_kind(node, 1).shape[-1]
        skipped = facts.read_integer(node, "batch_dims", 0)
        return _find_outside_tuple(node, facts, shape[skipped : skipped + depth])
    if node.operator == "ReverseSequence":
        size = shape[facts.read_integer(node, "time_axis", 0)]
        return _describe(node, facts, 1, 1, size)
    if node.operator == "TensorScatter":
        if not facts.find_name(node, 2):
            return ""
        line = facts.read_integer(node, "axis", -2)
        last = shape[line] - facts.get_kind(node, 1).shape[line]
        is_circular = facts.read_text(node, "mode", "linear") == "circular"
        return _describe(node, facts, 2, 0, _FARTHEST if is_circular else last)
    if node.operator == "RotaryEmbedding":
        if not facts.find_name(node, 3):
            return ""
        return _describe(node, facts, 3, 0, facts.get_kind(node, 1).shape[0] - 1)
    if node.operator == "MaxUnpool":
        return _describe(node, facts, 1, 0, int(np.prod(facts.get_result(node).shape)) - 1)
    return ""


def _describe(node: Node, facts: Facts, operand: int, low: int, high: int) -> str:
    bound = facts.find_bound(node, operand)
    assert bound is not None, "an index has an integer type"
    if bound.is_within(Interval(low, max(low, high))):
        return ""
    return f"'{node.inputs[operand]}' may be {bound}, outside {low}..{high}"


def _find_outside_tuple(node: Node, facts: Facts, sizes: tuple[int, ...]) -> str:
    """Each column of a list of index tuples against its own axis."""
    value = facts.find_value(node, 1)
    if value is None:
        least = min(sizes)
        return _describe(node, facts, 1, -least, least - 1)
    columns = value.reshape(-1, len(sizes))
    for column, size in enumerate(sizes):
        low, high = int(columns[:, column].min()), int(columns[:, column].max())
        if low < -size or high >= size:
            return f"'{node.inputs[1]}' holds {low}..{high}, outside {-size}..{size - 1}"
    return ""


def _judge_scatter(node: Node, facts: Facts) -> Verdict:
    if facts.read_text(node, "reduction", "none") != "none":
        return pin(node, "a reduction over equal indices", "scatter without a reduction")
    value = facts.find_value(node, 1)
    if value is None:
        return pin(node, f"'{node.inputs[1]}' may name an element twice, in no stated order")
    if not _is_distinct(node, facts, value):
        return pin(node, f"'{node.inputs[1]}' names an element twice, in no stated order")
    return accept(node, "constant distinct indices")


def _is_distinct(node: Node, facts: Facts, indices: Array) -> bool:
    shape = facts.get_kind(node, 0).shape
    if node.operator == "ScatterND":
        tuples = indices.reshape(-1, indices.shape[-1]).astype(np.int64)
        wrapped = tuples % np.array(shape[: tuples.shape[1]])
        return len(np.unique(wrapped, axis=0)) == len(wrapped)
    axis = facts.read_integer(node, "axis", 0)
    lines = np.sort(indices.astype(np.int64) % shape[axis], axis=axis)
    return not bool((np.diff(lines, axis=axis) == 0).any())
