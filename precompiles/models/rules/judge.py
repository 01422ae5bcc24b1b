"""Judge: one verdict for each operator application."""

from collections.abc import Callable, Mapping

from precompiles.models.graph import Graph, Node
from precompiles.models.ranges.analysis import compute_ranges
from precompiles.models.ranges.facts import Facts
from precompiles.models.rules.elementwise import (
    judge_arithmetic,
    judge_cast,
    judge_division,
    judge_move,
    judge_order,
    judge_round,
    judge_shift,
    judge_sum,
)
from precompiles.models.rules.index import judge_index
from precompiles.models.rules.product import judge_narrow, judge_product, judge_quantise
from precompiles.models.rules.safety import find_hazard
from precompiles.models.rules.verdict import Verdict, pin, refuse
from precompiles.models.table.operator import Rule


def judge_graph(graph: Graph) -> tuple[Verdict, ...]:
    """Verdicts in execution order; refusals are among them."""
    facts = compute_ranges(graph)
    return tuple(_judge_node(node, facts) for node in graph.nodes)


def _judge_node(node: Node, facts: Facts) -> Verdict:
    hazard = find_hazard(node, facts)
    if hazard is not None:
        return refuse(node, *hazard)
    return _RULES[node.row.rule](node, facts)


_RULES: Mapping[Rule, Callable[[Node, Facts], Verdict]] = {
    Rule.MOVE: judge_move,
    Rule.ROUND: judge_round,
    Rule.ORDER: judge_order,
    Rule.ARITHMETIC: judge_arithmetic,
    Rule.SUM: judge_sum,
    Rule.DIVIDE: judge_division,
    Rule.SHIFT: judge_shift,
    Rule.CAST: judge_cast,
    Rule.PRODUCT: judge_product,
    Rule.NARROW: judge_narrow,
    Rule.QUANTISE: judge_quantise,
    Rule.INDEX: judge_index,
    Rule.FLOAT: lambda node, facts: pin(node),
}
