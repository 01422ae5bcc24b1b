"""Ports: what integers an input becomes, and what the integers of both ends stand for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx.helper import make_node

from precompiles.quantization.port import Port, read_ports
from precompiles.quantization.quantize import quantize_model
from precompiles.tensor import DType, TensorType

WHOLE = np.arange(-6, 6).reshape(2, 6)
REALS = np.random.default_rng(0).normal(size=(9, 6)).astype(np.float32)


@pytest.mark.parametrize(
    ("data", "dtype", "scale"),
    [
        (WHOLE + 6, "UINT8", 1.0),
        (WHOLE, "INT8", 1.0),
        (WHOLE * 1000, "INT16", 1.0),
        (REALS, "INT16", 2 * float(np.abs(REALS).max()) / 32767),
    ],
)
def test_input_becomes_the_smallest_integer_that_holds_it(
    data: Any, dtype: str, scale: float, build: Callable[..., bytes]
) -> None:
    """Whole numbers keep unit scale; other reals get twice their range in 16 bits."""
    model = build([make_node("Neg", ["x"], ["y"])], {}, {"x": (1, 6)})
    (port,) = quantize_model(model, {"x": data}).inputs
    assert (port.type.dtype.name, port.zero_point) == (dtype, 0)
    assert port.scale == pytest.approx(scale)


def test_input_of_products_only_becomes_bytes(build: Callable[..., bytes]) -> None:
    """Then nothing has to be rescaled before the first product, whatever moves it there."""
    nodes = [
        make_node("Mul", ["x", "c"], ["a"]),
        make_node("Reshape", ["a", "s"], ["b"]),
        make_node("MatMul", ["b", "w"], ["y"]),
    ]
    constants = {"c": np.asarray(0.5), "s": np.array([2, 3]), "w": np.ones((3, 2))}
    quantized = quantize_model(build(nodes, constants, {"x": (1, 6)}), {"x": REALS})
    (port,) = quantized.inputs
    assert port.type.dtype is DType.UINT8
    assert port.scale == pytest.approx(float(REALS.max() - REALS.min()) / 255)
    assert port.zero_point == round(-float(REALS.min()) / port.scale)


def test_scales_can_be_chosen(build: Callable[..., bytes]) -> None:
    """An input in thousandths, an output in hundredths: what a contract likes to see."""
    model = build([make_node("Neg", ["x"], ["y"])], {}, {"x": (1, 6)})
    quantized = quantize_model(model, {"x": REALS}, {"x": 0.001, "y": 0.01})
    assert [(p.type.dtype.name, p.scale, p.zero_point) for p in read_ends(quantized.model)] == [
        ("INT16", 0.001, 0),
        ("INT32", 0.01, 0),
    ]


def test_outputs_are_int32_around_zero_and_positions_int64(build: Callable[..., bytes]) -> None:
    """One scale for a whole output; positions state none."""
    nodes = [make_node("Neg", ["x"], ["y"]), make_node("ArgMax", ["y"], ["z"], axis=1)]
    quantized = quantize_model(build(nodes, {}, {"x": (1, 6)}, ["y", "z"]), {"x": REALS})
    assert [(p.type.dtype.name, p.zero_point) for p in quantized.outputs] == [
        ("INT32", 0),
        ("INT64", 0),
    ]
    assert quantized.outputs[0].scale == pytest.approx(float(np.abs(REALS).max()) / (1 << 17))
    assert b"devnet.scale.y" in quantized.model
    assert b"devnet.scale.z" not in quantized.model


def test_one_tensor_may_leave_twice(build: Callable[..., bytes]) -> None:
    """Under both names, and be used inside as well."""
    nodes = [
        make_node("Relu", ["x"], ["y"]),
        make_node("Identity", ["y"], ["z"]),
        make_node("Neg", ["y"], ["n"]),
    ]
    quantized = quantize_model(build(nodes, {}, {"x": (1, 6)}, ["y", "z", "n"]), {"x": REALS})
    assert [port.type.name for port in quantized.outputs] == ["y", "z", "n"]


@given(
    st.sampled_from([DType.UINT8, DType.INT8, DType.INT16, DType.INT32]),
    st.floats(1e-6, 1e6),
    st.integers(-128, 255),
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8),
)
def test_encoding_is_nearest_and_saturates(
    dtype: DType, scale: float, zero: int, reals: list[float]
) -> None:
    """What fits comes back within half a unit; what does not ends at the type's edge."""
    port = Port(TensorType("x", dtype, (len(reals),)), scale, zero)
    integers = port.encode(np.array(reals))
    ends = np.iinfo(integers.dtype)
    for real, integer, back in zip(reals, integers, port.decode(integers), strict=True):
        if ends.min < integer < ends.max:
            assert abs(back - real) <= scale * 0.500001 + 1e-9 * abs(real)
        else:
            assert (real / scale + zero >= ends.max - 0.5) or (
                real / scale + zero <= ends.min + 0.5
            )


def read_ends(model: bytes) -> list[Port]:
    """Inputs, then outputs."""
    inputs, outputs = read_ports(model)
    return [*inputs, *outputs]
