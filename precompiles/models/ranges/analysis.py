"""Analysis: intervals of every tensor of a graph, in one pass over its operators.

An integer result that may leave its type is noted as overflowing and has the range of the type from
there on, because it wraps.
"""

from precompiles.models.graph import Graph, Node
from precompiles.models.ranges.facts import Facts
from precompiles.models.ranges.interval import Interval, get_type_range, measure
from precompiles.models.ranges.transfer import TRANSFERS
from precompiles.tensor import DType


def compute_ranges(graph: Graph) -> Facts:
    """Intervals of all tensors, and of integer results before they wrap."""
    facts = Facts(graph)
    for kind in graph.inputs:
        _note(facts, kind.name, get_type_range(kind.dtype))
    for name, value in graph.values.items():
        _note(facts, name, measure(value) or get_type_range(graph.types[name].dtype))
    for node in graph.nodes:
        for index, name in enumerate(node.outputs):
            if name and name not in graph.values:
                _note_result(facts, node, index, name)
    return facts


def _note(facts: Facts, name: str, interval: Interval | None) -> None:
    if interval is not None:
        facts.bounds[name] = interval


def _note_result(facts: Facts, node: Node, index: int, name: str) -> None:
    dtype = facts.graph.types[name].dtype
    found: Interval | None = None
    if index == 0 or node.operator == "Split":
        transfer = TRANSFERS.get(node.operator)
        found = transfer(node, facts) if transfer is not None else None
    elif node.operator == "TopK":
        found = Interval(0, max((*facts.get_kind(node, 0).shape, 1)) - 1)
    whole = get_type_range(dtype)
    if whole is None:
        _note(facts, name, found if dtype is DType.FLOAT32 else None)
        return
    if found is not None:
        facts.unwrapped[name] = found
    _note(facts, name, found if found is not None and found.is_within(whole) else whole)
