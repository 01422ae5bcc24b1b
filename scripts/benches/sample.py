"""Models to measure with: random weights by seed, sizes by multiply-adds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
IR_VERSION = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """A model file and one input for it."""

    name: str
    model: bytes
    x: npt.NDArray[np.float32]


def build_perceptron(name: str, sizes: Sequence[int]) -> Sample:
    """Float layers of the given sizes with Relu between them."""
    draw = np.random.default_rng(0)
    nodes, weights, last = [], [], "x"
    for layer, (rows, columns) in enumerate(zip(sizes, sizes[1:], strict=False)):
        matrix = draw.standard_normal((rows, columns)).astype(np.float32)
        weights.append(numpy_helper.from_array(matrix, f"w{layer}"))
        nodes.append(helper.make_node("MatMul", [last, f"w{layer}"], [f"m{layer}"]))
        nodes.append(helper.make_node("Relu", [f"m{layer}"], [f"r{layer}"]))
        last = f"r{layer}"
    x = draw.standard_normal((1, sizes[0])).astype(np.float32)
    return Sample(name, _save(nodes, weights, x.shape, last, (1, sizes[-1])), x)


def build_convolution(name: str, side: int, channels: int, layers: int) -> Sample:
    """3x3 convolutions over a square RGB image; side^2 * channels^2 * 9 multiply-adds a layer."""
    draw = np.random.default_rng(0)
    nodes, weights, last = [], [], "x"
    for layer in range(layers):
        depth = channels if layer else 3
        kernel = draw.standard_normal((channels, depth, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, f"w{layer}"))
        nodes.append(
            helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1, 1, 1, 1])
        )
        nodes.append(helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]))
        last = f"r{layer}"
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"]))
    x = draw.standard_normal((1, 3, side, side)).astype(np.float32)
    return Sample(name, _save(nodes, weights, x.shape, "pooled", (1, channels, 1, 1)), x)


def build_samples() -> tuple[Sample, ...]:
    """From a 64-10 perceptron to a convolutional network of 100 million multiply-adds."""
    return (
        build_perceptron("perceptron 64-10, 640 MAC", (64, 10)),
        build_perceptron("perceptron 256-2048-256-10, 1.05 MMAC", (256, 2048, 256, 10)),
        build_convolution("CNN 32x32, 10 MMAC", 32, 32, 2),
        build_convolution("CNN 60x60, 103 MMAC", 60, 32, 4),
    )


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
