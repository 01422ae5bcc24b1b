"""Operator trace: what every operator of one inference gave, in execution order, with digests.

Made by declaring every intermediate as an output of the graph, which leaves the final bits as they
are. Admission knows the type of every intermediate, so each is a `Tensor` with a canonical form.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import onnx
import onnxruntime as ort

from precompiles.digest import compute_keccak
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.distance import compute_distance
from precompiles.engine.portable.evaluator import evaluate as evaluate_portably
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session, run_session
from precompiles.interface import Engine
from precompiles.models.graph import Array, Graph, read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.tensor import Tensor, encode_tensors


@dataclass(frozen=True, slots=True)
class Step:
    """One operator and its results, canonical; unused optional results are left out."""

    operator: str
    names: tuple[str, ...]
    results: tuple[Tensor, ...]
    digest: bytes  # keccak of abi.encode(Tensor[]) of the results


@dataclass(frozen=True, slots=True)
class Trace:
    """One inference, operator by operator; `outputs` in the model's declared order."""

    steps: tuple[Step, ...]
    outputs: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two traces part; `element` is empty if already dtype or shape differ."""

    step: int
    operator: str
    output: str
    element: tuple[int, ...]
    left: str
    right: str
    distance: str = ""  # between elements

    def __str__(self) -> str:
        place = f"operator #{self.step} {self.operator}, output '{self.output}'"
        apart = f" ({self.distance} apart)" if self.distance else ""
        return f"{place}, element {list(self.element)}: {self.left} against {self.right}{apart}"


class Suspect(Protocol):
    """What can be asked how it came to its outputs."""

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]: ...

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace: ...


class TracedEngine(Engine, Protocol):
    """A host's engine that tells what every operator gave."""

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace: ...


def trace_model(model: bytes, manifest: Manifest, inputs: Sequence[Tensor]) -> Trace:
    """Trace one inference in the runtime.

    Shapes: inputs as the manifest declares, in its order.
    Raises: RuntimeBroken if the runtime fails.
    """
    return trace_session(build_session, model, manifest, inputs)


def trace_session(
    build: Callable[[bytes], ort.InferenceSession],
    model: bytes,
    manifest: Manifest,
    inputs: Sequence[Tensor],
) -> Trace:
    """Trace one inference in a session that `build` makes of the model.

    Raises: RuntimeBroken.
    """
    graph = read_graph(model, dict(manifest.dimensions))
    names = list_results(graph)
    session = build(expose(model, graph, names))
    tensors = run_session(session, names, _feed(manifest, inputs))
    return _build_trace(graph, dict(zip(names, tensors, strict=True)))


def trace_reference(model: bytes, manifest: Manifest, inputs: Sequence[Tensor]) -> Trace:
    """Trace one inference of an exact model in the reference evaluator.

    Raises: NoRule, Undefined.
    """
    graph = read_graph(model, dict(manifest.dimensions))
    arrays = evaluate(graph, _feed(manifest, inputs))
    return build_trace(graph, arrays)


def build_trace(graph: Graph, arrays: Mapping[str, Array]) -> Trace:
    """The trace of a graph whose results are known by name."""
    return _build_trace(
        graph, {name: to_tensor(np.asarray(arrays[name])) for name in list_results(graph)}
    )


def trace_portable(model: bytes, manifest: Manifest, inputs: Sequence[Tensor]) -> Trace:
    """Trace one inference of a portable model: the same bits on every host.

    Raises: NoRule.
    """
    graph = read_graph(model, dict(manifest.dimensions))
    arrays = evaluate_portably(graph, _feed(manifest, inputs))
    return build_trace(graph, arrays)


def trace_inference(model: bytes, manifest: Manifest, inputs: Sequence[Tensor]) -> Trace:
    """Trace one inference in the engine that answers for the model's profile.

    Raises: RuntimeBroken.
    """
    if manifest.profile is Profile.PORTABLE:
        return trace_portable(model, manifest, inputs)
    return trace_model(model, manifest, inputs)


def first_difference(left: Trace, right: Trace) -> Difference | None:
    """The first operator, output and element in which two traces differ, or nothing.

    Traces of different graphs part at the first operator that is not the same.
    """
    for index, (a, b) in enumerate(zip(left.steps, right.steps, strict=False)):
        if (a.operator, a.names) != (b.operator, b.names):
            return Difference(index, a.operator, ", ".join(a.names), (), _name(a), _name(b))
        for name, mine, theirs in zip(a.names, a.results, b.results, strict=True):
            if mine != theirs:
                return Difference(index, a.operator, name, *_compare(mine, theirs))
    count, other = len(left.steps), len(right.steps)
    if count != other:
        last = min(count, other)
        return Difference(last, "end", "", (), f"{count} operators", f"{other} operators")
    return None


def _name(step: Step) -> str:
    return f"{step.operator} to {', '.join(step.names)}"


def _compare(left: Tensor, right: Tensor) -> tuple[tuple[int, ...], str, str, str]:
    if (left.dtype, left.shape) != (right.dtype, right.shape):
        return (), _describe(left), _describe(right), ""
    size = left.dtype.size_bytes
    mine, theirs = (np.frombuffer(t.data, np.uint8).reshape(-1, size) for t in (left, right))
    flat = int(np.flatnonzero((mine != theirs).any(axis=1))[0])
    element = tuple(int(at) for at in np.unravel_index(flat, left.shape))
    ours, other = to_array(left)[element], to_array(right)[element]
    return element, str(ours), str(other), compute_distance(ours, other)


def _describe(tensor: Tensor) -> str:
    return f"{tensor.dtype.name.lower()}{list(tensor.shape)}"


def list_results(graph: Graph) -> list[str]:
    """Results of all operators and the outputs of the graph, each once, in execution order."""
    results = [name for node in graph.nodes for name in node.outputs if name]
    return list(dict.fromkeys([*results, *(kind.name for kind in graph.outputs)]))


def expose(model: bytes, graph: Graph, names: Sequence[str]) -> bytes:
    """The model with these results among its outputs."""
    proto = onnx.ModelProto.FromString(model)
    declared = {value.name for value in proto.graph.output}
    for name in names:
        if name not in declared:
            kind = graph.types[name]
            value = onnx.helper.make_tensor_value_info(name, int(kind.dtype), kind.shape)
            proto.graph.output.append(value)
    return bytes(proto.SerializeToString())


def _feed(manifest: Manifest, inputs: Sequence[Tensor]) -> dict[str, Array]:
    return {
        kind.name: to_array(tensor) for kind, tensor in zip(manifest.inputs, inputs, strict=True)
    }


def _build_trace(graph: Graph, tensors: Mapping[str, Tensor]) -> Trace:
    steps = []
    for node in graph.nodes:
        names = tuple(name for name in node.outputs if name)
        results = tuple(tensors[name] for name in names)
        digest = compute_keccak(encode_tensors(results))
        steps.append(Step(node.operator, names, results, digest))
    return Trace(tuple(steps), tuple(tensors[kind.name] for kind in graph.outputs))
