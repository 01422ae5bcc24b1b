"""Refusals: what cannot be quantised is named, all of it, with what would be supported."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto
from onnx.helper import make_node

from precompiles.errors import NotAdmitted
from precompiles.quantization.quantize import quantize_model
from precompiles.quantization.refusal import (
    BadCalibration,
    CannotQuantize,
    Obstacle,
    UnsupportedOperators,
)

ROW = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)


def refuse(model: bytes, data: Mapping[str, Any] | None = None) -> tuple[Obstacle, ...]:
    """The operators a refusal names."""
    with pytest.raises(UnsupportedOperators) as refusal:
        quantize_model(model, data or {"x": ROW})
    for obstacle in refusal.value.obstacles:
        assert str(obstacle) in str(refusal.value)
    return refusal.value.obstacles


def test_all_unknown_operators_are_named_at_once(build: Callable[..., bytes]) -> None:
    """By operator and node, before the model runs."""
    nodes = [
        make_node("Floor", ["x"], ["a"], "first"),
        make_node("Relu", ["a"], ["b"]),
        make_node("Round", ["b"], ["c"]),
        make_node("Floor", ["c"], ["y"], "last"),
    ]
    obstacles = refuse(build(nodes, {}, {"x": (1, 6)}))
    assert [(o.operator, o.node) for o in obstacles] == [
        ("Floor", "first"), ("Round", "c"), ("Floor", "last"),
    ]  # fmt: skip


def test_all_unsupported_uses_are_named_at_once(build: Callable[..., bytes]) -> None:
    """Also those that read what another one made; each with what would be supported."""
    nodes = [
        make_node("Gemm", ["x", "w"], ["h"]),
        make_node("Div", ["x", "h"], ["d"], "ratio"),
        make_node("Pow", ["d", "p"], ["e"], "powers"),
        make_node("MatMul", ["e", "v"], ["y"], "vector"),
    ]
    constants = {"w": np.eye(6), "p": np.arange(6.0), "v": np.ones(6)}
    obstacles = refuse(build(nodes, constants, {"x": (1, 6)}))
    assert [obstacle.node for obstacle in obstacles] == ["ratio", "powers", "vector"]
    assert all("supported" in obstacle.reason for obstacle in obstacles)


USES: dict[str, tuple[NodeProto, dict[str, Any], str]] = {
    "computed bounds": (make_node("Clip", ["x", "x0"], ["y"]), {}, "bound 'x0' is computed"),
    "computed weights": (
        make_node("Conv", ["x4", "x4"], ["y"]), {}, "weights 'x4' is computed",
    ),
    "computed indices": (
        make_node("Gather", ["x", "place"], ["y"], axis=1), {}, "the positions in 'place'",
    ),
    "steep slope": (make_node("LeakyRelu", ["x"], ["y"], alpha=2.0), {}, "slope above 1"),
    "positions of a pool": (
        make_node("MaxPool", ["x4"], ["p", "y"], kernel_shape=[1, 2]), {}, "positions are used",
    ),
    "arithmetic on positions": (
        make_node("Cast", ["place"], ["y"], to=1), {}, "computes with the positions",
    ),
    "rounding": (make_node("Cast", ["x"], ["y"], to=7), {}, "rounds to integers"),
    "ceil mode": (
        make_node("AveragePool", ["x4"], ["y"], kernel_shape=[1, 2], ceil_mode=1), {}, "ceil_mode",
    ),
    "many elements": (
        make_node("LayerNormalization", ["wide", "g"], ["y"]),
        {"g": np.ones(70_000), "s": np.array([1, 70_000])},
        "normalises 70000 elements",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", USES)
def test_unsupported_use_says_what_is_in_the_way(name: str, build: Callable[..., bytes]) -> None:
    """One line a use."""
    node, constants, reason = USES[name]
    before = {
        "x0": make_node("ReduceMax", ["x"], ["x0"], keepdims=0),
        "x4": make_node("Unsqueeze", ["x", "axes"], ["x4"]),
        "place": make_node("ArgMax", ["x"], ["place"], axis=1),
        "wide": make_node("Expand", ["x1", "s"], ["wide"]),
    }
    nodes = [made for operand, made in before.items() if operand in node.input]
    if "wide" in node.input:
        nodes.insert(0, make_node("ReduceMax", ["x", "last"], ["x1"]))
    known = {"axes": np.array([0, 1]), "last": np.array([1]), **constants}
    used = {each for made in [*nodes, node] for each in made.input}
    model = build([*nodes, node], {key: known[key] for key in known if key in used}, {"x": (1, 6)})
    (obstacle,) = refuse(model)
    assert reason in obstacle.reason


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, r"no data for input 'x'; the data has nothing"),
        ({"z": ROW}, r"no data for input 'x'; the data has z"),
        ({"x": ROW[:, :5]}, r"data for input 'x' is float32\[4, 5\].*\[samples, 6\]"),
        ({"x": ROW[:0]}, r"data for input 'x'|at least 1"),
        ({"x": np.full((2, 6), np.nan)}, r"'x' is not a number"),
        ({"x": np.full((2, 6), -1.0)}, r"'y' is not a number"),
    ],
)
def test_data_that_does_not_fit_is_refused(
    data: dict[str, Any], message: str, build: Callable[..., bytes]
) -> None:
    """With the input, what was given and what fits; a logarithm of -1 is no calibration."""
    model = build([make_node("Log", ["x"], ["y"])], {}, {"x": (1, 6)})
    with pytest.raises(BadCalibration, match=message):
        quantize_model(model, data)


def test_inputs_need_equally_many_samples(build: Callable[..., bytes]) -> None:
    """Otherwise nobody knows which belong together."""
    model = build([make_node("Add", ["x", "z"], ["y"])], {}, {"x": (1, 6), "z": (1, 6)})
    with pytest.raises(BadCalibration, match="same number of samples"):
        quantize_model(model, {"x": ROW, "z": ROW[:2]})


@pytest.mark.parametrize(
    ("scales", "message"),
    [
        ({"q": 1.0}, "'q', which is no input or output; those are x, y"),
        ({"x": 0.0}, "give a positive number"),
        ({"y": float("nan")}, "give a positive number"),
        ({"y": 1e-12}, "too fine for values up to"),
        ({"x": 1e-12}, "beyond int32"),
    ],
)
def test_scales_that_make_no_sense_are_refused(
    scales: dict[str, float], message: str, build: Callable[..., bytes]
) -> None:
    """By name, with the remedy."""
    model = build([make_node("Relu", ["x"], ["y"])], {}, {"x": (1, 6)})
    with pytest.raises(CannotQuantize, match=message):
        quantize_model(model, {"x": ROW}, scales)


def test_model_that_no_admission_takes_is_refused_as_such(build: Callable[..., bytes]) -> None:
    """Random operators are not quantisation's to judge."""
    model = build([make_node("RandomNormalLike", ["x"], ["y"])], {}, {"x": (1, 6)})
    with pytest.raises(NotAdmitted, match="RandomNormalLike"):
        quantize_model(model, {"x": ROW})
