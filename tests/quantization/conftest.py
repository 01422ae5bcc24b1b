"""Small float graphs, quantised and run in all three ways: float, runtime, reference evaluator."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from precompiles.engine.agreement import check_agreement
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session
from precompiles.models.graph import Graph, read_graph
from precompiles.models.manifest import Profile
from precompiles.quantization.quantize import Quantized, quantize_model
from precompiles.tensor import DType

Array = npt.NDArray[Any]
Shapes = Mapping[str, Sequence[int | str]]

INT32 = (-(1 << 31), (1 << 31) - 1)
SUM_MAX = 1 << 53  # above it, runtimes round int64 sums


@dataclass(frozen=True)
class Outcome:
    """One output on every sample: by the float model and by the exact one, in reals."""

    quantized: Quantized
    before: Array  # (samples, ...)
    after: Array

    @property
    def step(self) -> float:
        """One of 255 steps of the output's range."""
        return float(self.before.max() - self.before.min()) / 255

    @property
    def worst_steps(self) -> float:
        """Largest error, in steps."""
        return float(np.abs(self.before - self.after).max()) / self.step


def build_float(
    nodes: Sequence[NodeProto],
    constants: Mapping[str, Array],
    inputs: Shapes,
    outputs: Sequence[str] = ("y",),
    opset: int = 21,
) -> bytes:
    """Bytes of a float32 model; float64 constants become float32."""
    graph = helper.make_graph(
        list(nodes),
        "float",
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
            for name, shape in inputs.items()
        ],
        [onnx.ValueInfoProto(name=name) for name in outputs],
        [
            numpy_helper.from_array(
                value.astype(np.float32) if value.dtype == np.float64 else value, name
            )
            for name, value in ((name, np.asarray(value)) for name, value in constants.items())
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    typed = onnx.shape_inference.infer_shapes(model, data_prop=True)
    return bytes(typed.SerializeToString())


def check_exact(quantized: Quantized) -> None:
    """Exact by admission, alike in both engines on inputs at every end, bytes times bytes only."""
    assert quantized.manifest.profile is Profile.EXACT
    check_agreement(quantized.model, quantized.manifest, 0)
    graph = read_graph(quantized.model)
    assert not any(kind.dtype.is_float for kind in graph.types.values())
    for node in graph.nodes:
        if node.operator in ("MatMulInteger", "ConvInteger"):
            assert {graph.types[name].dtype for name in node.inputs} == {DType.UINT8}


def check_widths(graph: Graph, tensors: Mapping[str, Array]) -> None:
    """No int64 that a runtime compares is beyond 32 bits, none that it sums is beyond 2^53."""
    for node in graph.nodes:
        operands = [tensors[name] for name in node.inputs]
        if node.operator in ("Clip", "Max", "Min", "ReduceMax", "ReduceMin"):
            for operand in operands:
                assert INT32[0] <= operand.min() <= operand.max() <= INT32[1], str(node)
        if node.operator == "ReduceSum":
            assert np.abs(operands[0]).sum() < SUM_MAX, str(node)


def quantise_and_run(
    model: bytes, data: Mapping[str, Array], output: str = "y", **options: Any
) -> Outcome:
    """Quantise on `data`, hold the result to everything an exact form owes, run it on `data`."""
    quantized = quantize_model(model, data, **options)
    check_exact(quantized)
    graph = read_graph(quantized.model)
    floats, exact = build_session(model), build_session(quantized.model)
    ports = {port.type.name: port for port in (*quantized.inputs, *quantized.outputs)}
    before, after = [], []
    count = len(next(iter(data.values())))
    rows = ports[quantized.inputs[0].type.name].type.shape[0]
    for start in range(0, count - rows + 1, rows):
        feed = {
            port.type.name: data[port.type.name][start : start + rows] for port in quantized.inputs
        }
        encoded = {name: ports[name].encode(array) for name, array in feed.items()}
        tensors = evaluate(graph, encoded)
        check_widths(graph, tensors)
        result = exact.run([output], encoded)[0]
        assert result.tobytes() == tensors[output].tobytes()
        before.append(floats.run([output], feed)[0])
        after.append(ports[output].decode(result))
    return Outcome(quantized, np.array(before), np.array(after))


@pytest.fixture
def build() -> Callable[..., bytes]:
    """See `build_float`."""
    return build_float


@pytest.fixture
def run() -> Callable[..., Outcome]:
    """See `quantise_and_run`."""
    return quantise_and_run


@pytest.fixture
def check() -> Callable[[Quantized], None]:
    """See `check_exact`."""
    return check_exact
