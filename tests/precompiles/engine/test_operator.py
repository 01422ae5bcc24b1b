"""One operator alone gives what it gives in a whole run, in every engine that answers for it."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from precompiles.digest import compute_keccak
from precompiles.engine.generation import generate_inputs
from precompiles.engine.operator import INPUTS, Operators, list_contents
from precompiles.engine.trace import trace_inference
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.samples import list_samples, read_sample
from precompiles.tensor import DType, Tensor, encode_tensors
from tests.models.forest import Branch, build_forest, place_nodes

Tensors = tuple[Tensor, ...]


def pick_operands(
    operators: Operators, index: int, inputs: Tensors, steps: list[Tensors]
) -> list[Tensors]:
    """What an operator reads in a run."""
    return [
        inputs if source == INPUTS else steps[source - 1]
        for source in operators.list_sources(index)
    ]


def build_trees() -> bytes:
    """Trees whose score is activated and written into a cache: what ai.onnx 24 and ml 5 add."""
    leaves = ((0, 1.0),), ((0, -2.0),)
    attributes = place_nodes([Branch("BRANCH_LEQ", 0, 0.5, True, *leaves)]) | {"n_targets": 1}
    proto = onnx.ModelProto.FromString(build_forest("TreeEnsemble", attributes, 1, rows=2))
    proto.opset_import[0].version = 24
    cache = np.zeros((2, 4, 1), np.float32)
    proto.graph.initializer.append(numpy_helper.from_array(cache, "cache"))
    proto.graph.initializer.append(numpy_helper.from_array(np.array([1, 3]), "at"))
    proto.graph.initializer.append(numpy_helper.from_array(np.array([1]), "axis"))
    for operator, names, result in (
        ("Swish", ["y"], "active"),
        ("Unsqueeze", ["active", "axis"], "line"),
        ("TensorScatter", ["cache", "line", "at"], "z"),
    ):
        proto.graph.node.append(helper.make_node(operator, names, [result]))
    kind = helper.make_tensor_value_info("z", onnx.TensorProto.FLOAT, [2, 4, 1])
    proto.graph.output[0].CopyFrom(kind)
    return bytes(proto.SerializeToString())


@pytest.mark.parametrize("sample", [*list_samples(), "trees"])
@pytest.mark.parametrize("label", ["zero", "varied"])
def test_a_run_of_single_operators_is_the_run_of_the_engine(sample: str, label: str) -> None:
    """Results, outputs and leaves, each operator from the operands it reads alone."""
    model = build_trees() if sample == "trees" else read_sample(sample)
    manifest = admit_model(model, {})
    _, inputs = next(generate_inputs(manifest, 3, (label,)))
    operators = Operators(read_graph(model), manifest.profile)
    trace = trace_inference(model, manifest, inputs)
    assert operators.trace(inputs) == trace
    contents = list_contents(trace)
    assert [content[:32] for content in contents] == [step.digest for step in trace.steps]
    assert contents[-1][32:] == compute_keccak(encode_tensors(trace.outputs))
    steps = [step.results for step in trace.steps]
    for index in range(len(operators)):
        operands = pick_operands(operators, index, inputs, steps)
        assert operators.compute_content(index, operands) == contents[index]


def test_operands_that_no_run_gives_have_no_answer() -> None:
    """Another type or shape is no operand, an index without element no answer."""
    model = read_sample("digits_exact")
    operators = Operators(read_graph(model), admit_model(model, {}).profile)
    (kind,) = operators.list_kinds(INPUTS)
    assert (kind.dtype, kind.shape) == (DType.UINT8, (1, 64))
    assert operators.list_sources(0) == (INPUTS,)
    right = Tensor(DType.UINT8, (1, 64), bytes(64))
    assert operators.compute_content(0, [(right,)]) is not None
    for wrong in (
        (Tensor(DType.INT8, (1, 64), bytes(64)),),
        (Tensor(DType.UINT8, (64, 1), bytes(64)),),
        (right, right),
        (),
    ):
        assert operators.compute_content(0, [wrong]) is None


def test_results_of_another_host_stand_in_where_they_fit() -> None:
    """What follows is computed from them; a tensor of another shape is not taken."""
    model = read_sample("digits_exact")
    operators = Operators(read_graph(model), admit_model(model, {}).profile)
    inputs = (Tensor(DType.UINT8, (1, 64), bytes(range(64))),)
    honest = operators.trace(inputs)
    step = honest.steps[4]
    (old,) = step.results
    changed = Tensor(old.dtype, old.shape, bytes([old.data[0] ^ 1]) + old.data[1:])
    other = operators.trace(inputs, {step.names[0]: changed})
    assert other.steps[:4] == honest.steps[:4]
    assert other.steps[4].results == (changed,)
    short = Tensor(old.dtype, (1,), bytes(old.dtype.size_bytes))
    assert operators.trace(inputs, {step.names[0]: short}) == honest
