"""Source: what exporters write is read the same as what it means."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto
from onnx.helper import make_node

from precompiles.engine.session import build_session
from precompiles.errors import PrecompileError
from precompiles.quantization.refusal import BadCalibration, CannotQuantize
from precompiles.quantization.source import read_source

WEIGHTS = np.random.default_rng(0).normal(size=(6, 3))
DATA = {"x": np.random.default_rng(1).normal(size=(8, 2, 3)).astype(np.float32)}


def flatten_by_shape() -> list[NodeProto]:
    """Reshape to a shape the graph computes from the input's, and weights it transposes."""
    return [
        make_node("Shape", ["x"], ["shape"]),
        make_node("Constant", [], ["zero"], value_ints=[0]),
        make_node("Gather", ["shape", "zero"], ["batch"]),
        make_node("Constant", [], ["rest"], value_ints=[-1]),
        make_node("Concat", ["batch", "rest"], ["target"], axis=0),
        make_node("Reshape", ["x", "target"], ["flat"]),
        make_node("Transpose", ["w"], ["turned"], perm=[0, 1]),
        make_node("MatMul", ["flat", "turned"], ["y"]),
    ]


@pytest.mark.parametrize("shape", [(1, 2, 3), ("batch", 2, 3), ("batch", "rows", "columns")])
def test_dynamic_dimensions_are_bound_and_constants_folded(
    build: Callable[..., bytes], shape: Sequence[int | str]
) -> None:
    """The batch to one, the rest as the data has; what no input reaches is a constant."""
    source = read_source(build(flatten_by_shape(), {"w": WEIGHTS}, {"x": shape}), DATA)
    assert [node.operator for node in source.operations] == ["Reshape", "MatMul"]
    assert (source.inputs[0].shape, source.outputs[0].shape) == ((1, 2, 3), (1, 3))
    np.testing.assert_array_equal(source.constants["turned"], WEIGHTS.astype(np.float32))
    assert source.constants["target"].tolist() == [1, -1]


def test_folded_model_gives_the_same_answers(build: Callable[..., bytes]) -> None:
    """Folding changes what is computed when; the runtime packs constant weights differently."""
    model = build(flatten_by_shape(), {"w": WEIGHTS}, {"x": (1, 2, 3)})
    folded = read_source(model, DATA).model
    for row in DATA["x"]:
        ours, theirs = (
            build_session(each).run(None, {"x": row[None]})[0] for each in (model, folded)
        )
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_output_that_is_constant_stays_an_output(build: Callable[..., bytes]) -> None:
    """Only what is not asked for is folded away."""
    nodes = [make_node("Relu", ["x"], ["y"]), make_node("Neg", ["c"], ["z"])]
    model = build(nodes, {"c": np.ones(3)}, {"x": (1, 3)}, ["y", "z"])
    source = read_source(model, DATA)
    assert [tensor.name for tensor in source.outputs] == ["y", "z"]


def test_dynamic_dimension_without_data_is_refused(build: Callable[..., bytes]) -> None:
    """With the rank that is wanted."""
    model = build([make_node("Relu", ["x"], ["y"])], {}, {"x": ("batch", "rows")})
    with pytest.raises(BadCalibration, match=r"dimension 1 of input 'x' is dynamic.*rank 2"):
        read_source(model, {})


def test_integer_model_is_not_quantised_again(build: Callable[..., bytes]) -> None:
    """There is nothing to do."""
    proto = onnx.ModelProto.FromString(
        build([make_node("Identity", ["x"], ["y"])], {}, {"x": (1,)})
    )
    for value in (*proto.graph.input, *proto.graph.output):
        value.type.tensor_type.elem_type = onnx.TensorProto.UINT8
    with pytest.raises(CannotQuantize, match="integer already"):
        read_source(proto.SerializeToString(), {"x": np.ones(1)})


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x08\x0a" + bytes(30)])
def test_bytes_that_are_no_model_are_refused(data: bytes) -> None:
    """As an error of ours."""
    with pytest.raises(PrecompileError):
        read_source(data, {"x": np.ones(1)})


def test_calibration_does_not_change_what_is_read(build: Callable[..., Any]) -> None:
    """A static model reads the same with any data."""
    model = build([make_node("Relu", ["x"], ["y"])], {}, {"x": (1, 3)})
    assert read_source(model, {}).model == read_source(model, DATA).model
