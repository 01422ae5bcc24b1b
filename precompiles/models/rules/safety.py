"""Safety: uses that would fail in the runtime or mix rows, refused whatever the profile.

A failure in the runtime is a host's, never an outcome: every validator would have to abstain.
"""

from precompiles.models.graph import Node
from precompiles.models.ranges.facts import Facts
from precompiles.models.reading.header import TREES
from precompiles.models.rules.trees import Hazard, find_disagreement


def find_hazard(node: Node, facts: Facts) -> Hazard | None:
    """Why a use is refused, if it is."""
    if node.operator == "DynamicQuantizeLinear":
        return _find_rows(node, facts)
    return find_disagreement(node) if node.row.domain == TREES else None


def _find_rows(node: Node, facts: Facts) -> Hazard | None:
    shape = facts.get_kind(node, 0).shape
    if len(shape) > 1 and shape[0] > 1:
        return (
            f"{facts.get_kind(node, 0)} holds {shape[0]} rows, whose results depend on each other",
            "export with a batch of 1",
        )
    return None
