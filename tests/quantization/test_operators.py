"""Operators: each one's integer form stays within a stated number of steps of the float one.

A step is 1/255 of the output's range. Operators that need no bytes inside are far finer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import NodeProto
from onnx.helper import make_node

from precompiles.quantization.rules import RULES

Array = npt.NDArray[Any]
DRAW = np.random.default_rng(0)
SAMPLES = 12


@dataclass(frozen=True)
class Case:
    """One small graph from `x` (and `z`) to `y`, and the steps it may be off by."""

    steps: float
    nodes: Sequence[NodeProto]
    shape: tuple[int, ...] = (1, 4, 7)
    other: tuple[int, ...] = ()  # of a second input, z
    constants: Mapping[str, Array] = field(default_factory=dict)
    low: float = -2.0
    high: float = 2.0
    opset: int = 21


def one(operator: str, inputs: str = "x", **attributes: Any) -> list[NodeProto]:
    """A graph of one operator."""
    return [make_node(operator, inputs.split(), ["y"], **attributes)]


def draw(*shape: int) -> Array:
    """Constants of a graph."""
    return DRAW.normal(size=shape)


def number(value: float) -> Array:
    """A scalar constant."""
    return np.asarray(value, np.float32)


def integers(*values: int) -> Array:
    """A constant list: axes, a shape, bounds."""
    return np.array(values, np.int64)


FINE, BYTES, TABLE = 0.1, 2.0, 2.5
IMAGE, ROWS, ROW = (1, 4, 7, 7), (1, 3, 16), (1, 16)
BATCH = {"g": draw(4), "b": draw(4), "m": draw(4), "v": DRAW.uniform(0.5, 2, 4)}
NORM = {"g": draw(16), "b": draw(16)}

CASES: dict[str, Case] = {
    "Gemm": Case(
        BYTES, one("Gemm", "x w b", transB=1, alpha=0.5, beta=2.0), ROW,
        constants={"w": draw(7, 16), "b": draw(7)},
    ),
    "Gemm of a transposed operand": Case(
        BYTES, one("Gemm", "x w", transA=1), (4, 3), constants={"w": draw(4, 7)}
    ),
    "MatMul by weights": Case(BYTES, one("MatMul", "x w"), ROWS, constants={"w": draw(16, 7)}),
    "MatMul of weights": Case(BYTES, one("MatMul", "w x"), ROWS, constants={"w": draw(5, 3)}),
    "MatMul of two inputs": Case(BYTES, one("MatMul", "x z"), ROWS, (1, 16, 4)),
    "Conv 1-D": Case(
        BYTES, one("Conv", "x w b", pads=[1, 1], strides=[2]), (1, 4, 9),
        constants={"w": draw(6, 4, 3), "b": draw(6)},
    ),
    "Conv in groups": Case(
        BYTES, one("Conv", "x w", pads=[1, 0, 1, 1], group=2, dilations=[1, 2]), IMAGE,
        constants={"w": draw(6, 2, 3, 2)},
    ),
    "Conv of equal size": Case(
        BYTES, one("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2]), IMAGE,
        constants={"w": draw(6, 4, 3, 3)},
    ),
    "Conv, BatchNormalization, Relu": Case(
        4.0,
        [
            make_node("Conv", ["x", "w"], ["c"]),
            make_node("BatchNormalization", ["c", "g", "b", "m", "v"], ["n"]),
            make_node("Relu", ["n"], ["y"]),
        ],
        IMAGE,
        constants={"w": draw(4, 4, 3, 3), **BATCH},
    ),
    "BatchNormalization": Case(
        FINE, one("BatchNormalization", "x g b m v"), IMAGE, constants=BATCH
    ),
    **{
        name: Case(FINE, one(name))
        for name in ("Relu", "HardSigmoid", "LeakyRelu", "Abs", "Neg", "Identity", "Dropout")
    },
    **{
        name: Case(TABLE, one(name))
        for name in (
            "Sigmoid", "Tanh", "Exp", "Erf", "Gelu", "HardSwish", "Elu", "Selu", "Celu", "Softplus",
            "Softsign", "Mish", "Sin", "Cos",
        )
    },
    **{
        name: Case(2 * TABLE, one(name), low=0.5, high=4.0)
        for name in ("Log", "Sqrt", "Reciprocal")
    },
    "Gelu by tanh": Case(TABLE, one("Gelu", approximate="tanh")),
    "Pow": Case(TABLE, one("Pow", "x p"), constants={"p": number(3)}),
    "Clip": Case(FINE, one("Clip", "x a b"), constants={"a": number(-0.5), "b": number(1)}),
    "Max with zero": Case(FINE, one("Max", "x a"), constants={"a": number(0)}),
    "PRelu": Case(FINE, one("PRelu", "x a"), constants={"a": draw(4, 1) / 4}),
    "Max": Case(FINE, one("Max", "x z"), other=(1, 1, 7)),
    "Min": Case(FINE, one("Min", "x z"), other=(1, 1, 7)),
    "Add": Case(FINE, one("Add", "x z"), other=(1, 4, 7)),
    "Add of itself": Case(FINE, one("Add", "x x")),
    "Sub": Case(FINE, one("Sub", "x z"), other=(1, 1, 7)),
    "Sum of three": Case(FINE, one("Sum", "x z c"), other=(1, 4, 1), constants={"c": draw(7)}),
    "Mul": Case(FINE, one("Mul", "x z"), other=(1, 1, 7)),
    "Mul by a constant row": Case(FINE, one("Mul", "x c"), constants={"c": draw(7)}),
    "Div by a constant column": Case(FINE, one("Div", "x c"), constants={"c": draw(4, 1) + 4}),
    "Div into a constant": Case(
        TABLE, one("Div", "c x"), constants={"c": number(3)}, low=1.0, high=3.0
    ),
    "MaxPool": Case(
        BYTES, one("MaxPool", kernel_shape=[2, 2], strides=[2, 2], pads=[1, 1, 0, 0]), IMAGE
    ),
    "AveragePool": Case(
        BYTES, one("AveragePool", kernel_shape=[3, 2], strides=[2, 2], pads=[1, 1, 1, 0]), IMAGE
    ),
    "AveragePool that counts its border": Case(
        BYTES, one("AveragePool", kernel_shape=[3, 2], pads=[1, 1, 1, 0], count_include_pad=1),
        IMAGE,
    ),
    **{name: Case(FINE, one(name), IMAGE) for name in ("GlobalAveragePool", "GlobalMaxPool")},
    **{
        name: Case(FINE, one(name, "x a", keepdims=0), IMAGE, constants={"a": integers(1, -1)})
        for name in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin")
    },
    "ReduceMean of opset 13": Case(FINE, one("ReduceMean", axes=[1]), IMAGE, opset=13),
    "Softmax": Case(FINE, one("Softmax"), low=-8.0, high=8.0),
    "Softmax along columns": Case(FINE, one("Softmax", axis=1), low=-8.0, high=8.0),
    "LayerNormalization": Case(
        FINE, one("LayerNormalization", "x g b"), ROWS, constants=NORM
    ),
    "LayerNormalization of two axes": Case(
        FINE, one("LayerNormalization", "x g", axis=1), ROWS, constants={"g": draw(3, 16)}
    ),
    "Concat": Case(
        FINE, one("Concat", "x z c", axis=2), other=(1, 4, 1), constants={"c": draw(1, 4, 2)}
    ),
    "Split": Case(FINE, [make_node("Split", ["x"], ["a", "y"], axis=1, num_outputs=2)]),
    "Slice": Case(
        FINE, one("Slice", "x s e a t"),
        constants={"s": integers(-1), "e": integers(-99), "a": integers(1), "t": integers(-2)},
    ),
    "Gather": Case(FINE, one("Gather", "x i", axis=2), constants={"i": integers(0, -1, 3)}),
    "Transpose": Case(FINE, one("Transpose", perm=[0, 2, 1])),
    "Transpose by default": Case(FINE, one("Transpose")),
    "Reshape": Case(FINE, one("Reshape", "x s"), constants={"s": integers(0, -1)}),
    "Flatten": Case(FINE, one("Flatten")),
    "Squeeze": Case(FINE, one("Squeeze", "x a"), constants={"a": integers(0)}),
    "Unsqueeze": Case(FINE, one("Unsqueeze", "x a"), constants={"a": integers(0)}),
    "Expand": Case(FINE, one("Expand", "x s"), (1, 1, 7), constants={"s": integers(3, 4, 7)}),
    "Tile": Case(FINE, one("Tile", "x s"), constants={"s": integers(1, 2, 3)}),
    "Where": Case(
        FINE, one("Where", "m x c"),
        constants={"m": np.array([[True], [False], [True], [False]]), "c": number(-3)},
    ),
    "Cast": Case(FINE, [*one("Cast", to=1)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_integer_form_stays_within_steps_of_the_float_one(
    name: str, build: Callable[..., bytes], run: Callable[..., Any]
) -> None:
    """And is exact by admission, alike in both engines, and compares nothing beyond 32 bits."""
    case = CASES[name]
    rng = np.random.default_rng(1)
    shapes = {"x": case.shape} | ({"z": case.other} if case.other else {})
    model = build(case.nodes, case.constants, shapes, opset=case.opset)
    data = {
        key: rng.uniform(case.low, case.high, (SAMPLES * shape[0], *shape[1:])).astype(np.float32)
        for key, shape in shapes.items()
    }
    assert run(model, data).worst_steps <= case.steps


def test_every_rule_has_a_case() -> None:
    """No operator is supported on hope."""
    tried = {node.op_type for case in CASES.values() for node in case.nodes}
    elsewhere = {"ArgMax", "ArgMin"}  # positions have no steps: test_choices.py
    assert set(RULES) - tried == elsewhere
