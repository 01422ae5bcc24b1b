"""A second, independent evaluator of exact models: numpy, one rule per operator.

Integers wrap, matrix products are exact, floats only where each element is rounded on its own.
Knows no inference runtime: it is what the runtime is held against.
"""

from collections.abc import Mapping

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.reference import (
    arithmetic,
    cast,
    creation,
    indexing,
    logic,
    movement,
    pooling,
    product,
    quantisation,
    ranking,
    reduction,
    resampling,
)
from precompiles.engine.reference.application import Application, NoRule, Rule, Slot, Undefined
from precompiles.errors import RuntimeBroken
from precompiles.models.graph import Array, Graph, Node
from precompiles.tensor import TensorType

RULES: Mapping[str, Rule] = {
    **arithmetic.RULES,
    **cast.RULES,
    **creation.RULES,
    **indexing.RULES,
    **logic.RULES,
    **movement.RULES,
    **pooling.RULES,
    **product.RULES,
    **quantisation.RULES,
    **ranking.RULES,
    **reduction.RULES,
    **resampling.RULES,
}


def evaluate(
    graph: Graph, inputs: Mapping[str, Array], rules: Mapping[str, Rule] = RULES
) -> dict[str, Array]:
    """Every tensor of the graph by name: constants, inputs, intermediates, outputs.

    Other `rules` play another host.

    Shapes: as the graph declares, and dtypes likewise.
    Raises: NoRule for an operator or use without a rule; Undefined for operands whose result
        would differ between hosts; RuntimeBroken if a result is not what the graph declares.
    """
    tensors: dict[str, Array] = {name: np.asarray(a) for name, a in graph.constants.items()}
    for kind in graph.inputs:
        tensors[kind.name] = np.asarray(inputs[kind.name])
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            results = apply_node(node, graph, tensors, rules)
            tensors |= {name: a for name, a in zip(node.outputs, results, strict=False) if name}
    return tensors


def apply_node(
    node: Node, graph: Graph, tensors: Mapping[str, Array], rules: Mapping[str, Rule]
) -> tuple[Array, ...]:
    """Results of one operator whose operands stand among `tensors`.

    Raises: as `evaluate`.
    """
    rule = rules.get(node.operator)
    if rule is None:
        raise NoRule(f"the reference evaluator has no rule for {node.operator}")
    application = Application(
        node,
        tuple(tensors[name] if name else None for name in node.inputs),
        tuple(_build_slot(graph.types[name]) if name else None for name in node.outputs),
    )
    try:
        results = rule(application)
    except RuntimeBroken:
        raise
    except Exception as broken:  # operands that the operator does not take
        raise Undefined(f"{node.operator} has no answer: {broken}") from broken
    listed = results if isinstance(results, tuple) else (results,)
    for name, array in zip(node.outputs, listed, strict=False):
        if name:
            _check(node, graph.types[name], array)
    return listed


def _build_slot(kind: TensorType) -> Slot:
    return Slot(NUMPY_DTYPES[kind.dtype], kind.shape)


def _check(node: Node, declared: TensorType, array: Array) -> None:
    if array.dtype != NUMPY_DTYPES[declared.dtype] or array.shape != declared.shape:
        raise RuntimeBroken(
            f"{node.operator} gives {array.dtype}{list(array.shape)}, the graph declares {declared}"
        )
