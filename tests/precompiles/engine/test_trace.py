"""Tracing changes nothing, both engines give one trace, and traces say where they part."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper

from precompiles.digest import compute_keccak
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.generation import generate_inputs
from precompiles.engine.session import SessionEngine, build_session, run_session
from precompiles.engine.trace import (
    Trace,
    first_difference,
    trace_inference,
    trace_model,
    trace_reference,
)
from precompiles.errors import NotAdmitted
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Manifest, Profile, Work
from precompiles.models.samples import list_samples, read_sample
from precompiles.models.store import MemoryStore
from precompiles.tensor import Tensor, encode_tensors

EXACT = ("Add", "Sub", "Mul", "Min", "Max", "Abs", "Neg", "Transpose", "MatMul", "Where", "CumSum")
FLOAT = ("Add", "Mul", "Relu", "Tanh", "Softmax", "MatMul", "Exp", "Transpose", "Sqrt")
SIZE = 4  # rows and columns of every tensor in a generated graph


def build_chain(operators: Sequence[str], kind: int, seed: int) -> bytes:
    """A graph of square matrices: each operator takes the latest results; two are outputs."""
    rng = np.random.default_rng(seed)
    nodes: list[NodeProto] = []
    names = ["weights", "x"]
    for i, operator in enumerate(operators):
        left, right = names[-1], names[int(rng.integers(len(names)))]
        operands = [left]
        if operator in ("Add", "Sub", "Mul", "Min", "Max", "MatMul"):
            operands = [left, right]
        elif operator == "Where":
            nodes.append(helper.make_node("Less", [left, right], [f"c{i}"]))
            operands = [f"c{i}", right, left]
        elif operator == "CumSum":
            operands = [left, "axis"]
        nodes.append(helper.make_node(operator, operands, [f"t{i}"]))
        names.append(f"t{i}")
    dtype = helper.tensor_dtype_to_np_dtype(kind)
    weights = rng.integers(-9, 9, (SIZE, SIZE)).astype(dtype)
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("x", kind, [SIZE, SIZE])],
        [
            helper.make_tensor_value_info(name, kind, [SIZE, SIZE])
            for name in dict.fromkeys([names[-1], names[2]])
        ],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(np.array(1), "axis")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return bytes(model.SerializeToString())


def declare(model: bytes) -> Manifest:
    """The signature of a model, whatever its profile."""
    graph = read_graph(model)
    return Manifest(
        bytes(32), Profile.EXACT, len(model), Work(0, 0, 0), graph.inputs, graph.outputs
    )


def run_plain(model: bytes, manifest: Manifest, inputs: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The outputs without tracing."""
    feed = {
        kind.name: to_array(tensor) for kind, tensor in zip(manifest.inputs, inputs, strict=True)
    }
    return run_session(build_session(model), [kind.name for kind in manifest.outputs], feed)


def trace_sample(name: str, label: str = "varied") -> Trace:
    """Trace of a zoo model on generated inputs."""
    model = read_sample(name)
    manifest = admit_model(model)
    return trace_model(model, manifest, dict(generate_inputs(manifest, 0))[label])


@pytest.mark.parametrize("name", list_samples())
def test_tracing_leaves_the_bits_of_the_zoo_unchanged(name: str) -> None:
    """As the engine runs it, on every kind of generated input."""
    model, store = read_sample(name), MemoryStore()
    store.put(model)
    manifest, engine = admit_model(model), SessionEngine(store)
    for _, inputs in generate_inputs(manifest, 0):
        assert trace_inference(model, manifest, inputs).outputs == engine.run(manifest, inputs)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(FLOAT), min_size=1, max_size=12), st.integers(0, 99))
def test_tracing_leaves_the_bits_of_float_graphs_unchanged(operators: list[str], seed: int) -> None:
    """Rounding is the same with every intermediate kept."""
    model = build_chain(operators, TensorProto.FLOAT, seed)
    manifest = declare(model)
    for _, inputs in generate_inputs(manifest, seed):
        assert trace_model(model, manifest, inputs).outputs == run_plain(model, manifest, inputs)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(EXACT), min_size=1, max_size=12), st.integers(0, 99))
def test_exact_graphs_have_one_trace_in_both_engines(operators: list[str], seed: int) -> None:
    """Every intermediate and every digest; the outputs are those without tracing."""
    # the runtime's x86 builds misorder int64
    never_orders = {"Min", "Max"}.isdisjoint(operators)
    model = build_chain(operators, TensorProto.INT64 if never_orders else TensorProto.INT32, seed)
    manifest = declare(model)
    for _, inputs in generate_inputs(manifest, seed):
        trace = trace_model(model, manifest, inputs)
        assert trace == trace_reference(model, manifest, inputs)
        assert trace.outputs == run_plain(model, manifest, inputs)


def test_exact_sample_has_one_trace_in_both_engines() -> None:
    """On every kind of generated input."""
    model = read_sample("digits_exact")
    manifest = admit_model(model)
    for _, inputs in generate_inputs(manifest, 0):
        trace, ours = (trace(model, manifest, inputs) for trace in (trace_model, trace_reference))
        assert trace == ours
        assert first_difference(trace, ours) is None


def test_steps_follow_the_graph_and_digest_their_results() -> None:
    """One step for each operator in its order; a contract can recompute each digest."""
    graph, trace = read_graph(read_sample("digits_exact")), trace_sample("digits_exact")
    assert [(s.operator, s.names) for s in trace.steps] == [
        (n.operator, n.outputs) for n in graph.nodes
    ]
    for step in trace.steps:
        assert step.digest == compute_keccak(encode_tensors(step.results))


def test_constants_and_several_results_are_traced() -> None:
    """Also results that nothing reads, and those that are outputs already."""
    nodes = [
        helper.make_node("Constant", [], ["k"], value_ints=[2]),
        helper.make_node("TopK", ["x", "k"], ["values", "places"]),
        helper.make_node("Split", ["x"], ["head", "tail"], num_outputs=2),
    ]
    long = TensorProto.INT64
    outputs = [helper.make_tensor_value_info(name, long, [2]) for name in ("places", "tail")]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", long, [4])], outputs)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    model = proto.SerializeToString()
    manifest, inputs = declare(model), [to_tensor(np.array([5, 9, 9, 1]))]
    trace = trace_model(model, manifest, inputs)
    assert [step.names for step in trace.steps] == [("k",), ("values", "places"), ("head", "tail")]
    assert [to_array(tensor).tolist() for tensor in trace.outputs] == [[1, 2], [9, 1]]
    assert trace == trace_reference(model, manifest, inputs)


def test_first_difference_names_operator_output_and_element() -> None:
    """Of two runs on other inputs, the first operator that reads them."""
    model = build_chain(["Neg", "Add", "Abs"], TensorProto.INT32, 0)
    manifest, rows = declare(model), np.zeros((SIZE, SIZE), np.int32)
    left = trace_model(model, manifest, [to_tensor(rows)])
    rows[2, 3] = 7
    found = first_difference(left, trace_model(model, manifest, [to_tensor(rows)]))
    assert found is not None
    assert (found.step, found.operator, found.output) == (0, "Neg", "t0")
    assert found.element == (2, 3)
    assert "element [2, 3]: 0 against -7" in str(found)


def test_first_difference_of_other_shapes_types_and_graphs_has_no_element() -> None:
    """Traces that are not of one graph part where the graphs do."""
    trace = trace_sample("digits_exact")
    first = trace.steps[0]
    other = replace(first, results=(to_tensor(np.zeros((2, 2), np.int8)),))
    found = first_difference(trace, Trace((other, *trace.steps[1:]), trace.outputs))
    assert found is not None
    assert (found.element, found.right) == ((), "int8[2, 2]")
    renamed = replace(first, operator="MatMul")
    found = first_difference(trace, Trace((renamed, *trace.steps[1:]), trace.outputs))
    assert found is not None
    assert found.right.startswith("MatMul to ")
    found = first_difference(trace, Trace(trace.steps[:3], trace.outputs))
    assert found is not None
    assert (found.step, found.right) == (3, "3 operators")


def test_no_intermediate_has_a_type_that_cannot_cross() -> None:
    """Admission refuses such a graph, so every intermediate has a canonical tensor and a digest."""
    nodes = [
        helper.make_node("Cast", ["x"], ["half"], to=TensorProto.BFLOAT16),
        helper.make_node("Cast", ["half"], ["y"], to=TensorProto.FLOAT),
    ]
    kinds = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", kinds[:1], kinds[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    with pytest.raises(NotAdmitted, match="Cast"):
        read_graph(model.SerializeToString())
