"""Graphs: both perceptrons as ONNX bytes, the same bytes for the same parameters.

Integer products are u8 by u8: u8 by s8 saturates on x86 with AVX2 and no VNNI.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from onnx import NodeProto, TensorProto, checker, helper, numpy_helper

from .quantisation import HALF, LEVEL_MAX, SHIFT, IntegerPerceptron, Integers
from .training import CLASSES, PIXEL_MAX, PIXELS, Perceptron

Constants: TypeAlias = Mapping[str, npt.ArrayLike]

OPSET = 21
IR_VERSION = 10
WEIGHT_ZERO = 128


def build_float(perceptron: Perceptron) -> bytes:
    """`digits_float`: pixels float32 [1,64] -> digit int64 [1], scores float32 [1,10]."""
    nodes = [
        helper.make_node("Mul", ["pixels", "pixel_step"], ["inputs"]),
        helper.make_node("Gemm", ["inputs", "hidden_weights", "hidden_bias"], ["hidden_sums"]),
        helper.make_node("Relu", ["hidden_sums"], ["hidden"]),
        helper.make_node("Gemm", ["hidden", "score_weights", "score_bias"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["digit"], axis=1, keepdims=0),
    ]
    constants: Constants = {
        "pixel_step": np.float32(1 / PIXEL_MAX),
        "hidden_weights": perceptron.hidden_weights.astype(np.float32),
        "hidden_bias": perceptron.hidden_bias.astype(np.float32),
        "score_weights": perceptron.score_weights.astype(np.float32),
        "score_bias": perceptron.score_bias.astype(np.float32),
    }
    return _encode("digits_float", nodes, constants, TensorProto.FLOAT, TensorProto.FLOAT)


def build_exact(perceptron: IntegerPerceptron) -> bytes:
    """`digits_exact`: pixels uint8 [1,64] -> digit int64 [1], scores int32 [1,10].

    Why no step overflows stands in `quantisation`. Div truncates, so Max goes before it (Max is the
    relu as well); Min goes before the second Cast, which therefore keeps its value.
    """
    zeros = ["zero", "weight_zero"]
    nodes = [
        helper.make_node("MatMulInteger", ["pixels", "hidden_weights", *zeros], ["products"]),
        helper.make_node("Add", ["products", "hidden_bias"], ["sums"]),
        helper.make_node("Cast", ["sums"], ["wide_sums"], to=TensorProto.INT64),
        helper.make_node("Mul", ["wide_sums", "multiplier"], ["scaled"]),
        helper.make_node("Add", ["scaled", "half"], ["raised"]),
        helper.make_node("Max", ["raised", "floor"], ["rectified"]),
        helper.make_node("Div", ["rectified", "divisor"], ["quotients"]),
        helper.make_node("Min", ["quotients", "ceiling"], ["levels"]),
        helper.make_node("Cast", ["levels"], ["hidden"], to=TensorProto.UINT8),
        helper.make_node("MatMulInteger", ["hidden", "score_weights", *zeros], ["score_products"]),
        helper.make_node("Add", ["score_products", "score_bias"], ["scores"]),
        helper.make_node("ArgMax", ["scores"], ["digit"], axis=1, keepdims=0),
    ]
    constants: Constants = {
        "hidden_weights": _shift_weights(perceptron.hidden_weights),
        "hidden_bias": perceptron.hidden_bias.astype(np.int32),
        "multiplier": np.int64(perceptron.multiplier),
        "half": np.int64(HALF),
        "floor": np.int64(0),
        "divisor": np.int64(1 << SHIFT),
        "ceiling": np.int64(LEVEL_MAX),
        "score_weights": _shift_weights(perceptron.score_weights),
        "score_bias": perceptron.score_bias.astype(np.int32),
        "zero": np.uint8(0),
        "weight_zero": np.uint8(WEIGHT_ZERO),
    }
    return _encode("digits_exact", nodes, constants, TensorProto.UINT8, TensorProto.INT32)


def _shift_weights(weights: Integers) -> npt.NDArray[np.uint8]:
    """Weights as MatMulInteger reads them with zero point WEIGHT_ZERO."""
    return (weights + WEIGHT_ZERO).astype(np.uint8)


def _encode(
    name: str, nodes: Sequence[NodeProto], constants: Constants, pixel_type: int, score_type: int
) -> bytes:
    """A checked model as bytes; each node is named after its output."""
    for node in nodes:
        node.name = node.output[0]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("pixels", pixel_type, [1, PIXELS])],
        [
            helper.make_tensor_value_info("digit", TensorProto.INT64, [1]),
            helper.make_tensor_value_info("scores", score_type, [1, CLASSES]),
        ],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(
        graph,
        producer_name="devnet",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    checker.check_model(model, full_check=True)
    encoded: bytes = model.SerializeToString(deterministic=True)
    return encoded
