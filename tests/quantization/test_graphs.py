"""Whole graphs: random networks, attention under a mask, embeddings, what exporters write."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import NodeProto, TensorProto, helper, numpy_helper
from onnx.helper import make_node

from precompiles.engine.session import build_session
from precompiles.models.graph import read_graph
from precompiles.quantization.quantize import Quantized, quantize_model

Array = npt.NDArray[Any]
LAYERS = ("Gemm", "Relu", "Gelu", "Sigmoid", "LeakyRelu", "skip", "LayerNormalization", "scale")
WIDTH = 12


def lay(layers: list[str], rng: np.random.Generator) -> tuple[list[NodeProto], dict[str, Array]]:
    """Nodes from `x` to `y` and their constants; `skip` adds what stood three layers before."""
    nodes: list[NodeProto] = []
    constants: dict[str, Array] = {}
    made = ["x"]
    for index, layer in enumerate(layers):
        last, output = made[-1], f"t{index}"
        if layer == "Gemm":
            constants |= {
                f"w{index}": rng.normal(size=(WIDTH, WIDTH)) / np.sqrt(WIDTH),
                f"b{index}": rng.normal(size=WIDTH) / 4,
            }
            nodes.append(make_node("Gemm", [last, f"w{index}", f"b{index}"], [output]))
        elif layer == "skip":
            nodes.append(make_node("Add", [last, made[max(0, len(made) - 3)]], [output]))
        elif layer == "LayerNormalization":
            constants[f"g{index}"] = rng.uniform(0.5, 1.5, WIDTH)
            nodes.append(make_node(layer, [last, f"g{index}"], [output]))
        elif layer == "scale":
            constants[f"c{index}"] = rng.uniform(-2, 2, WIDTH)
            nodes.append(make_node("Mul", [last, f"c{index}"], [output]))
        else:
            nodes.append(make_node(layer, [last], [output]))
        made.append(output)
    return [*nodes, make_node("Identity", [made[-1]], ["y"])], constants


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(LAYERS), min_size=1, max_size=8), st.integers(0, 1 << 16))
def test_random_network_is_exact_and_close(
    build: Callable[..., bytes], run: Callable[..., Any], layers: list[str], seed: int
) -> None:
    """Any order of layers; each product adds at most 2 % of the output's size, each table 1 %."""
    rng = np.random.default_rng(seed)
    nodes, constants = lay(layers, rng)
    model = build(nodes, constants, {"x": (1, WIDTH)})
    outcome = run(model, {"x": rng.normal(size=(12, WIDTH)).astype(np.float32)})
    error = np.sqrt(np.square(outcome.after - outcome.before).mean())
    spread = np.sqrt(np.square(outcome.before).mean()) + outcome.before.std()
    assert error <= 0.02 * len(layers) * spread + 1e-6


def test_attention_under_a_causal_mask_is_close(
    build: Callable[..., bytes], run: Callable[..., Any]
) -> None:
    """Minus infinity in a mask neither spoils the calibration nor leaks into the shares."""
    rng = np.random.default_rng(0)
    mask = np.where(np.tri(5) > 0, 0, -np.inf).astype(np.float32)
    nodes = [
        *(make_node("MatMul", ["x", part], [f"{part}x"]) for part in "qkv"),
        make_node("Transpose", ["kx"], ["kt"], perm=[0, 2, 1]),
        make_node("MatMul", ["qx", "kt"], ["s"]),
        make_node("Add", ["s", "mask"], ["m"]),
        make_node("Softmax", ["m"], ["a"]),
        make_node("MatMul", ["a", "vx"], ["y"]),
    ]
    weights = {part: rng.normal(size=(8, 8)) / 3 for part in "qkv"}
    model = build(nodes, {**weights, "mask": mask}, {"x": (1, 5, 8)})
    inputs = rng.normal(size=(12, 5, 8)).astype(np.float32)
    outcome = run(model, {"x": inputs})
    assert outcome.worst_steps < 6
    shares = run(build(nodes[:-1], {**weights, "mask": mask}, {"x": (1, 5, 8)}, ["a"]),
                 {"x": inputs}, "a")  # fmt: skip
    assert not shares.after[:, 0][:, mask < 0].any()
    np.testing.assert_allclose(shares.after.sum(axis=-1), 1, atol=1e-4)


def test_gelu_as_exporters_write_it_is_one_table(
    build: Callable[..., bytes], run: Callable[..., Any]
) -> None:
    """Div, Erf, Add, Mul, Mul of one value become one look-up."""
    nodes = [
        make_node("Div", ["x", "root"], ["a"]),
        make_node("Erf", ["a"], ["e"]),
        make_node("Add", ["e", "one"], ["f"]),
        make_node("Mul", ["x", "f"], ["g"]),
        make_node("Mul", ["g", "half"], ["y"]),
    ]
    numbers = {"root": np.sqrt(2), "one": 1.0, "half": 0.5}
    constants = {name: np.asarray(value, np.float32) for name, value in numbers.items()}
    model = build(nodes, constants, {"x": (1, 9)})
    outcome = run(model, {"x": np.random.default_rng(0).normal(size=(20, 9)).astype(np.float32)})
    assert outcome.worst_steps < 2
    assert list_operators(outcome.quantized).count("Gather") == 1


def test_activation_and_rescaling_are_one_step(
    build: Callable[..., bytes], run: Callable[..., Any]
) -> None:
    """Between two products stand a cast, Mul, Add, Div, Clip and a cast, Relu included."""
    rng = np.random.default_rng(0)
    nodes = [
        make_node("MatMul", ["x", "a"], ["h"]),
        make_node("Add", ["h", "b"], ["s"]),
        make_node("Relu", ["s"], ["r"]),
        make_node("MatMul", ["r", "c"], ["y"]),
    ]
    constants = {
        "a": rng.normal(size=(8, 8)),
        "b": rng.normal(size=8),
        "c": rng.normal(size=(8, 3)),
    }
    outcome = run(build(nodes, constants, {"x": (1, 8)}), {"x": rng.normal(size=(20, 8))
                                                         .astype(np.float32)})  # fmt: skip
    between = ["Cast", "Mul", "Add", "Div", "Clip", "Cast"]
    assert list_operators(outcome.quantized)[:8] == ["MatMulInteger", *between, "MatMulInteger"]


def test_embedding_of_integer_input_is_looked_up() -> None:
    """Tokens stay integers; a token outside the table reads its edge."""
    table = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
    graph = helper.make_graph(
        [make_node("Gather", ["table", "tokens"], ["rows"]),
         make_node("ReduceMean", ["rows", "axis"], ["y"], keepdims=0)],
        "tokens",
        [helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])],
        [numpy_helper.from_array(table, "table"),
         numpy_helper.from_array(np.array([1], np.int64), "axis")],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    tokens = np.random.default_rng(1).integers(0, 10, (20, 3))
    quantized = quantize_model(model.SerializeToString(), {"tokens": tokens})
    (port,) = quantized.inputs
    assert (port.type.dtype.name, port.scale) == ("INT32", 1.0)
    found = answer(quantized, {"tokens": np.array([[0, 9, 500]], np.int32)})
    np.testing.assert_allclose(found, table[[0, 9, 9]].mean(axis=0)[None], atol=1e-3)


@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
def test_positions_are_those_of_the_float_model(
    build: Callable[..., bytes], run: Callable[..., Any], operator: str
) -> None:
    """Scores that differ by a thousandth of their range are told apart; ties go as in float."""
    node = make_node(operator, ["x"], ["y"], axis=1, keepdims=0, select_last_index=1)
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.permuted(np.arange(40) / 40 - 0.5)[None] for _ in range(30)])
    scores[:, 7] = scores[:, 30]
    outcome = run(build([node], {}, {"x": (1, 40)}), {"x": scores.astype(np.float32)})
    assert (outcome.before == outcome.after).all()


def list_operators(quantized: Quantized) -> list[str]:
    """Operators of the exact model in order."""
    return [node.operator for node in read_graph(quantized.model).nodes]


def answer(quantized: Quantized, feed: dict[str, Array]) -> Array:
    """The first output in reals."""
    return quantized.outputs[0].decode(build_session(quantized.model).run(None, feed)[0])
