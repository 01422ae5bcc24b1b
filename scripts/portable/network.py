"""Three large float models with random weights by seed: a CNN the size of ResNet-18, a transformer
of four layers, and an LSTM. Written for opset 21 with ONNX's own helpers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 21, 10
_SIDE, _CLASSES = 64, 1000  # pixels of an image, scores
_LAYERS, _LENGTH, _WIDTH, _HEADS = 4, 32, 256, 8
_STEPS, _FEATURES, _HIDDEN = 64, 32, 128


@dataclass(slots=True)
class Network:
    """Nodes and weights as they are added; weights are drawn from one seeded stream."""

    seed: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def draw(self, *shape: int, scale: float) -> str:
        """Name of a new weight with normal values."""
        generator = np.random.Generator(np.random.PCG64([self.seed, len(self.weights)]))
        # twelve uniform numbers added one by one: no library's logarithm or sum is involved
        values = sum(generator.random((12, *shape)), start=np.float64(-6.0))
        return self.hold((values * scale).astype(np.float32))

    def hold(self, values: npt.ArrayLike) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def add(self, operator: str, *operands: str, **attributes: Any) -> str:
        """Name of the first result."""
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, operands, [name], **attributes))
        return name

    def save(self, shape: tuple[int, ...], output: str) -> bytes:
        graph = helper.make_graph(
            self.nodes,
            "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            self.weights,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        return bytes(model.SerializeToString())


def build_resnet() -> bytes:
    """18 layers with 11 million weights, batch normalisation and skips, on a 64 x 64 image."""
    net = Network(1)
    at = _add_convolution(net, "x", 3, 64, 7, 2)
    at = net.add("MaxPool", at, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    depth = 64
    for stage, width in enumerate((64, 128, 256, 512)):
        for block in range(2):
            stride = 2 if stage and not block else 1
            inner = _add_convolution(net, at, depth, width, 3, stride)
            inner = _add_convolution(net, inner, width, width, 3, 1, relu=False)
            skip = (
                at if depth == width else _add_convolution(net, at, depth, width, 1, stride, False)
            )
            at = net.add("Relu", net.add("Add", inner, skip))
            depth = width
    at = net.add("Flatten", net.add("GlobalAveragePool", at))
    weights = net.draw(_CLASSES, 512, scale=512**-0.5)
    return net.save(
        (1, 3, _SIDE, _SIDE), net.add("Gemm", at, weights, net.draw(_CLASSES, scale=0.1), transB=1)
    )


def _add_convolution(
    net: Network, at: str, depth: int, width: int, side: int, stride: int, relu: bool = True
) -> str:
    weights = net.draw(width, depth, side, side, scale=(2 / (depth * side * side)) ** 0.5)
    at = net.add("Conv", at, weights, strides=[stride, stride], pads=[side // 2] * 4)
    ones = np.ones(width, np.float32)
    bias, mean = (net.draw(width, scale=0.1) for _ in range(2))
    at = net.add("BatchNormalization", at, net.hold(ones), bias, mean, net.hold(ones))
    return net.add("Relu", at) if relu else at


def build_transformer() -> bytes:
    """Four layers of attention and feed-forward, with layer normalisation and Gelu."""
    net = Network(2)
    at = "x"
    for _ in range(_LAYERS):
        inner = _normalize(net, at)
        queries, keys, values = (_project(net, inner, _WIDTH, _WIDTH) for _ in range(3))
        split = net.hold(np.array([1, _LENGTH, _HEADS, _WIDTH // _HEADS]))
        parts = [net.add("Reshape", part, split) for part in (queries, keys, values)]
        q, v = (net.add("Transpose", part, perm=[0, 2, 1, 3]) for part in (parts[0], parts[2]))
        k = net.add("Transpose", parts[1], perm=[0, 2, 3, 1])
        scale = net.hold(np.float32((_WIDTH // _HEADS) ** -0.5))
        weights = net.add("Softmax", net.add("Mul", net.add("MatMul", q, k), scale), axis=-1)
        mixed = net.add("Transpose", net.add("MatMul", weights, v), perm=[0, 2, 1, 3])
        whole = net.add("Reshape", mixed, net.hold(np.array([1, _LENGTH, _WIDTH])))
        at = net.add("Add", at, _project(net, whole, _WIDTH, _WIDTH))
        hidden = net.add("Gelu", _project(net, _normalize(net, at), _WIDTH, 4 * _WIDTH))
        at = net.add("Add", at, _project(net, hidden, 4 * _WIDTH, _WIDTH))
    return net.save((1, _LENGTH, _WIDTH), _normalize(net, at))


def _normalize(net: Network, at: str) -> str:
    ones, bias = net.hold(np.ones(_WIDTH, np.float32)), net.draw(_WIDTH, scale=0.1)
    return net.add("LayerNormalization", at, ones, bias, axis=-1)


def _project(net: Network, at: str, rows: int, columns: int) -> str:
    product = net.add("MatMul", at, net.draw(rows, columns, scale=rows**-0.5))
    return net.add("Add", product, net.draw(columns, scale=0.02))


def build_lstm() -> bytes:
    """64 steps of an LSTM of 128, then a layer of scores."""
    net = Network(3)
    scale = _HIDDEN**-0.5
    weights = net.draw(1, 4 * _HIDDEN, _FEATURES, scale=scale)
    recurrent = net.draw(1, 4 * _HIDDEN, _HIDDEN, scale=scale)
    bias = net.draw(1, 8 * _HIDDEN, scale=scale)
    steps = net.add("LSTM", "x", weights, recurrent, bias, hidden_size=_HIDDEN)
    flat = net.add("Reshape", steps, net.hold(np.array([_STEPS, _HIDDEN])))
    score = net.draw(_HIDDEN, 10, scale=scale)
    return net.save((_STEPS, 1, _FEATURES), net.add("MatMul", flat, score))


NETWORKS: dict[str, Callable[[], bytes]] = {
    "CNN as ResNet-18": build_resnet,
    "transformer of 4 layers": build_transformer,
    "LSTM of 64 steps": build_lstm,
}
