"""Models to measure with: random weights by seed, sizes by multiply-adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from precompiles.quantization.quantize import quantize_model

OPSET = 21
IR_VERSION = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A model file and one input for it."""

    name: str
    model: bytes
    x: npt.NDArray[Any]


def build_samples() -> tuple[Sample, ...]:
    """From a 64-10 perceptron to a network of 100 million multiply-adds, float and exact each."""
    floats = (
        _build_perceptron("perceptron 64-10, 640 MAC", (64, 10)),
        _build_perceptron("perceptron 64-1024-900-10, 1 MMAC", (64, 1024, 900, 10)),
        _build_convolution("CNN 28x28x1, 1 MMAC", 28, (1, 8, 16)),
        _build_convolution("CNN 60x60x3, 103 MMAC", 60, (3, 32, 32, 32, 32)),
    )
    return tuple(form for sample in floats for form in (sample, _quantize(sample)))


def build_product(size: int) -> Sample:
    """One square matrix product with constant weights."""
    draw = np.random.default_rng(0)
    weights = numpy_helper.from_array(draw.standard_normal((size, size)).astype(np.float32), "w")
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    x = draw.standard_normal((size, size)).astype(np.float32)
    name = f"matmul {size}x{size}x{size}"
    return Sample(name, _save([node], [weights], x.shape, "y", x.shape), x)


def _build_perceptron(name: str, sizes: Sequence[int]) -> Sample:
    """Layers of the given sizes with Relu between them."""
    draw = np.random.default_rng(0)
    nodes, weights, last = [], [], "x"
    for layer, (rows, columns) in enumerate(pairwise(sizes)):
        matrix = draw.standard_normal((rows, columns)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"w{layer}"))
        nodes.append(helper.make_node("MatMul", [last, f"w{layer}"], [f"m{layer}"]))
        nodes.append(helper.make_node("Relu", [f"m{layer}"], [f"r{layer}"]))
        last = f"r{layer}"
    x = draw.standard_normal((1, sizes[0])).astype(np.float32)
    return Sample(name, _save(nodes, weights, x.shape, last, (1, sizes[-1])), x)


def _build_convolution(name: str, side: int, channels: Sequence[int]) -> Sample:
    """3x3 convolutions over a square image of bytes, then the mean of each channel."""
    draw = np.random.default_rng(0)
    nodes, weights, last = [], [], "x"
    for layer, (depth, count) in enumerate(pairwise(channels)):
        kernel = draw.standard_normal((count, depth, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"w{layer}"))
        nodes.append(
            helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1, 1, 1, 1])
        )
        nodes.append(helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]))
        last = f"r{layer}"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["mean"]))
    x = draw.integers(0, 256, (1, channels[0], side, side)).astype(np.float32)
    return Sample(name, _save(nodes, weights, x.shape, "mean", (1, channels[-1], 1, 1)), x)


def _quantize(sample: Sample) -> Sample:
    """The exact form, calibrated on inputs of the same kind."""
    samples = np.concatenate([np.roll(sample.x, shift) for shift in range(8)])
    quantized = quantize_model(sample.model, {"x": samples})
    x = quantized.inputs[0].encode(sample.x)
    return Sample(f"exact {sample.name}", quantized.model, x)


def _save(
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto],
    shape: tuple[int, ...],
    output: str,
    output_shape: tuple[int, ...],
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "sample",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, output_shape)],
        weights,
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
    )
    data: bytes = model.SerializeToString()
    return data
