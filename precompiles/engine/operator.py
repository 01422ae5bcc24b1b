"""A model as single operators, each a function of canonical tensors: what disputes are about.

Computed in numpy alone: by the reference evaluator for an exact model, by our own for a portable
one. Between operators every tensor is canonical, so whoever knows the operands of one of them
finds the result that a whole run found.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from precompiles.digest import compute_keccak
from precompiles.engine.canonical import canonicalize, to_array, to_tensor
from precompiles.engine.portable.evaluator import build_program
from precompiles.engine.reference.evaluator import RULES, apply_node
from precompiles.engine.trace import Step, Trace
from precompiles.models.graph import Array, Graph, Node
from precompiles.models.manifest import Profile
from precompiles.tensor import Tensor, TensorType, encode_tensors

INPUTS = 0  # source of an operand: the model's inputs; k + 1 for the results of operator k
NOTHING: Mapping[str, Tensor] = MappingProxyType({})
Execute: TypeAlias = Callable[[Node, Mapping[str, Array]], tuple[Array, ...]]


class Operators:
    """The operators of one model in topological order."""

    def __init__(self, graph: Graph, profile: Profile) -> None:
        assert profile is not Profile.PINNED, "pinned operators differ between hosts"
        self.graph = graph
        self._execute = _prepare(graph) if profile is Profile.PORTABLE else _build_exact(graph)
        self._constants = {
            name: to_tensor(np.asarray(array))
            for name in (kind.name for kind in graph.outputs)
            if (array := graph.constants.get(name)) is not None
        }

    def __len__(self) -> int:
        return len(self.graph.nodes)

    def list_kinds(self, source: int) -> tuple[TensorType, ...]:
        """What a source is made of, in order."""
        if source == INPUTS:
            return self.graph.inputs
        return tuple(self.graph.types[name] for name in _list_names(self.graph.nodes[source - 1]))

    def list_sources(self, index: int) -> tuple[int, ...]:
        """What operator `index` reads, ascending; the last one also what the outputs are from.

        What is known without a run, weights and constants, is no source.
        """
        node = self.graph.nodes[index]
        wanted = dict.fromkeys(node.inputs)
        if index == len(self) - 1:
            wanted |= dict.fromkeys(kind.name for kind in self.graph.outputs)
        return tuple(
            source
            for source in range(index + 1)
            if any(kind.name in wanted for kind in self.list_kinds(source))
        )

    def trace(self, inputs: Sequence[Tensor], found: Mapping[str, Tensor] = NOTHING) -> Trace:
        """A whole run, operator by operator.

        Args:
            found: results that stand in for execution, by name, where they fit: another host's.
        Raises: NoRule, Undefined, RuntimeBroken.
        """
        kinds = self.list_kinds(INPUTS)
        tensors = {k.name: canonicalize(t) for k, t in zip(kinds, inputs, strict=True)}
        steps = []
        for source, node in enumerate(self.graph.nodes, 1):
            names = _list_names(node)
            results = tuple(found[name] for name in names if name in found)
            if not _fits(results, self.list_kinds(source)):
                results = self._run(node, tensors)
            steps.append(
                Step(node.operator, names, results, compute_keccak(encode_tensors(results)))
            )
            tensors |= dict(zip(names, results, strict=True))
        return Trace(tuple(steps), self._list_outputs(tensors))

    def compute_content(self, index: int, operands: Sequence[Sequence[Tensor]]) -> bytes | None:
        """Content of one operator's leaf by executing it, `list_contents` of a right trace.

        Args:
            operands: tensors of each of its sources, by whoever claims them.
        Returns: nothing if the operator has no answer to them; an honest run never asks.
        """
        tensors = self._name(self.list_sources(index), operands)
        if tensors is None:
            return None
        node = self.graph.nodes[index]
        try:
            results = self._run(node, tensors)
        except MemoryError:
            raise
        except Exception:  # the same on every host: rules are pure functions
            return None
        content = compute_keccak(encode_tensors(results))
        if index < len(self) - 1:
            return content
        tensors |= dict(zip(_list_names(node), results, strict=True))
        return content + compute_keccak(encode_tensors(self._list_outputs(tensors)))

    def _run(self, node: Node, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        given = {name: to_array(tensors[name]) for name in node.inputs if name in tensors}
        with np.errstate(all="ignore"):
            arrays = self._execute(node, given)
        named = zip(node.outputs, arrays, strict=False)
        return tuple(to_tensor(np.asarray(array)) for name, array in named if name)

    def _list_outputs(self, tensors: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
        known = {**self._constants, **tensors}
        return tuple(known[kind.name] for kind in self.graph.outputs)

    def _name(
        self, sources: Sequence[int], operands: Sequence[Sequence[Tensor]]
    ) -> dict[str, Tensor] | None:
        """Tensors by name; nothing if they are not what the graph declares."""
        named: dict[str, Tensor] = {}
        for source, tensors in zip(sources, operands, strict=True):
            kinds = self.list_kinds(source)
            if not _fits(tensors, kinds):
                return None
            named |= {k.name: canonicalize(t) for k, t in zip(kinds, tensors, strict=True)}
        return named


def list_contents(trace: Trace) -> tuple[bytes, ...]:
    """What each leaf of a trace commits to: the digest of an operator's results.

    The last leaf commits to the digest of the model's outputs as well, so a root binds them.
    """
    digests = [step.digest for step in trace.steps]
    digests[-1] += compute_keccak(encode_tensors(trace.outputs))
    return tuple(digests)


def _build_exact(graph: Graph) -> Execute:
    constants = {name: np.asarray(array) for name, array in graph.constants.items()}
    return lambda node, given: apply_node(node, graph, {**constants, **given}, RULES)


def _prepare(graph: Graph) -> Execute:
    """Operators as steps of the whole program, in which constants are folded."""
    program = build_program(graph)
    known = {
        name: cell
        for name, cell in zip(program.names, program.cells, strict=True)
        if cell is not None
    }
    steps = {step.node.outputs: step for step in program.steps}

    def execute(node: Node, given: Mapping[str, Array]) -> tuple[Array, ...]:
        step = steps.get(node.outputs)
        if step is None:
            return tuple(known.get(name, np.empty(0)) for name in node.outputs)
        tensors = {**given, **known}
        operands: list[Any] = [tensors[name] if name else None for name in node.inputs]
        results = step.compute(operands)
        return results if isinstance(results, tuple) else (results,)

    return execute


def _fits(tensors: Sequence[Tensor], kinds: Sequence[TensorType]) -> bool:
    return [(k.dtype, k.shape) for k in kinds] == [(t.dtype, t.shape) for t in tensors]


def _list_names(node: Node) -> tuple[str, ...]:
    return tuple(name for name in node.outputs if name)
