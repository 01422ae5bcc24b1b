"""The portable evaluator: floats to the same bits on every host, by numpy alone.

A graph becomes a program once; running it is one call for each operator. What moves data or counts
in integers is the reference evaluator's, whose rules are exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.portable.rules import (
    activation,
    attention,
    cast,
    choice,
    convolution,
    elementwise,
    normalisation,
    pooling,
    product,
    quantisation,
    recurrence,
    reduction,
    resampling,
    trees,
)
from precompiles.engine.portable.site import Compute, Operands, Rule, Site
from precompiles.engine.reference.application import Application, NoRule, Slot
from precompiles.engine.reference.evaluator import RULES as EXACT
from precompiles.models.graph import Array, Graph, Node
from precompiles.tensor import TensorType

RULES: Mapping[str, Rule] = {
    **activation.RULES,
    **attention.RULES,
    **cast.RULES,
    **choice.RULES,
    **convolution.RULES,
    **elementwise.RULES,
    **normalisation.RULES,
    **pooling.RULES,
    **product.RULES,
    **quantisation.RULES,
    **recurrence.RULES,
    **reduction.RULES,
    **resampling.RULES,
    **trees.RULES,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One operator: which cells it reads, what it does, which cells it writes (-1: unused)."""

    node: Node
    compute: Compute
    reads: tuple[int, ...]  # -1: left out
    writes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """A graph ready to run; constants already stand in their cells."""

    steps: tuple[Step, ...]
    cells: tuple[Array | None, ...]
    names: tuple[str, ...]  # of the cells
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def run(self, inputs: Sequence[Array]) -> list[Any]:
        """Every cell after the run. Shapes and types of `inputs` as the graph declares."""
        cells: list[Any] = [*self.cells, None]  # the last one for what is left out
        for index, array in zip(self.inputs, inputs, strict=True):
            cells[index] = array
        with np.errstate(all="ignore"):
            for step in self.steps:
                results = step.compute([cells[index] for index in step.reads])
                if len(step.writes) == 1 and not isinstance(results, tuple):
                    cells[step.writes[0]] = results
                    continue
                for index, array in zip(step.writes, _list(results), strict=False):
                    if index >= 0:
                        cells[index] = array
        return cells


def build_program(graph: Graph, rules: Mapping[str, Rule] = RULES) -> Program:
    """What follows from constants alone is computed here, once. Other `rules` play another host.

    Raises: NoRule for an operator or a use that is not covered.
    """
    names = tuple(dict.fromkeys((*graph.constants, *graph.types)))
    places = {name: index for index, name in enumerate(names)}
    known = {
        name: np.asarray(value)
        for name, value in graph.values.items()
        if name in graph.constants or value.dtype.kind in "iub"  # sizes are known before the run
    }
    steps = []
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if all(name in known for name in node.outputs if name):
                continue
            step = _build_step(node, graph, places, rules, known)
            if any(name and name not in known for name in node.inputs):
                steps.append(step)
                continue
            operands: list[Any] = [known.get(name) for name in node.inputs]
            results = _list(step.compute(operands))
            known |= {n: np.asarray(a) for n, a in zip(node.outputs, results, strict=False) if n}
    return Program(
        tuple(steps),
        tuple(known.get(name) for name in names),
        names,
        tuple(places[kind.name] for kind in graph.inputs),
        tuple(places[kind.name] for kind in graph.outputs),
    )


def evaluate(
    graph: Graph, inputs: Mapping[str, Array], rules: Mapping[str, Rule] = RULES
) -> dict[str, Array]:
    """Every tensor of the graph by name. Raises: NoRule."""
    program = build_program(graph, rules)
    cells = program.run([np.asarray(inputs[kind.name]) for kind in graph.inputs])
    return {
        name: array for name, array in zip(program.names, cells, strict=False) if array is not None
    }


def _build_step(
    node: Node,
    graph: Graph,
    places: Mapping[str, int],
    rules: Mapping[str, Rule],
    known: Mapping[str, Array],
) -> Step:
    use = Application(
        node,
        tuple(known.get(name) if name else None for name in node.inputs),
        tuple(_build_slot(graph.types[name]) if name else None for name in node.outputs),
    )
    operands = tuple(_build_slot(graph.types[name]) if name else None for name in node.inputs)
    site = Site(use, operands)
    return Step(
        node,
        _find_rule(site, rules)(site),
        tuple(places[name] if name else -1 for name in node.inputs),
        tuple(places[name] if name else -1 for name in node.outputs),
    )


def _find_rule(site: Site, rules: Mapping[str, Rule]) -> Rule:
    """Ours where a float is read or written and chosen, rounded or added; else the exact rule."""
    node = site.use.node
    slots = (*site.operands, *site.use.results)
    floats = any(slot is not None and slot.dtype.kind == "f" for slot in slots)
    if floats and node.operator in rules:
        return rules[node.operator]
    if node.operator in EXACT:
        return _take_exact
    raise NoRule(f"the portable evaluator has no rule for {node.operator}")


def _take_exact(site: Site) -> Compute:
    rule = EXACT[site.use.node.operator]
    node, results = site.use.node, site.use.results
    return lambda operands: rule(Application(node, tuple(operands), results))


def _list(results: object) -> Operands:
    return results if isinstance(results, tuple) else (results,)


def _build_slot(kind: TensorType) -> Slot:
    return Slot(NUMPY_DTYPES[kind.dtype], kind.shape)
