"""Products: errors of matrix products and convolutions stay within what their rounding allows."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx.helper import make_node

from precompiles.quantization.product import WEIGHT_ZERO, quantise_weights
from precompiles.quantization.quantize import quantize_model
from precompiles.quantization.refusal import UnsupportedOperators

COMMON = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def bound_error(inputs: Any, weights: Any, rounded: Any) -> Any:
    """Half a step of every input and of every weight, each times what it meets.

    Shapes: inputs (n, k), weights and their error (k, m) -> (n, m).
    """
    span = max(float(inputs.max()), 0.0) - min(float(inputs.min()), 0.0)
    half = span / 255 * 1.01  # half a step of rounding and as much of moving zero onto a level
    return half * np.abs(weights).sum(axis=0) + (np.abs(inputs) + half) @ np.abs(rounded)


@COMMON
@given(st.integers(1, 40), st.integers(1, 12), st.floats(-3, 3), st.floats(0.01, 10), st.integers())
def test_matrix_product_errs_by_no_more_than_its_roundings(
    build: Callable[..., bytes],
    run: Callable[..., Any],
    terms: int,
    columns: int,
    centre: float,
    spread: float,
    seed: int,
) -> None:
    """For inputs anywhere, of any spread, with weights of any shape."""
    rng = np.random.default_rng(abs(seed))
    weights = (rng.normal(size=(terms, columns)) * spread).astype(np.float32)
    inputs = (centre + spread * rng.normal(size=(9, terms))).astype(np.float32)
    model = build([make_node("MatMul", ["x", "w"], ["y"])], {"w": weights}, {"x": (1, terms)})
    outcome = run(model, {"x": inputs})
    levels, scale, _ = quantise_weights(weights, (0,))
    rounded = (levels.astype(np.float64) - WEIGHT_ZERO) * scale - weights
    error = np.abs(outcome.after - outcome.before)[:, 0]
    allowed = bound_error(inputs, weights, rounded) + 1e-4 * np.abs(outcome.before).max()
    assert (error <= allowed).all()


@COMMON
@given(
    st.sampled_from([1, 2]),
    st.sampled_from([(1, 4, 4), (2, 4, 6), (4, 4, 4)]),
    st.integers(1, 3),
    st.integers(1, 2),
    st.integers(0, 2),
    st.integers(0, 1 << 16),
)
def test_convolution_of_any_form_is_close(
    build: Callable[..., bytes],
    run: Callable[..., Any],
    rank: int,
    channels: tuple[int, int, int],
    kernel: int,
    stride: int,
    pad: int,
    seed: int,
) -> None:
    """One or two dimensions, in groups, padded, strided: relative error below 1.5 %."""
    groups, inside, outside = channels
    pad = min(pad, kernel - 1)
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(outside, inside // groups, *(kernel,) * rank))
    conv = make_node(
        "Conv", ["x", "w", "b"], ["y"],
        group=groups, strides=[stride] * rank, pads=[pad] * (2 * rank),
    )  # fmt: skip
    constants = {"w": weights, "b": rng.normal(size=outside)}
    shape = (1, inside, *(7,) * rank)
    model = build([conv], constants, {"x": shape})
    inputs = rng.normal(size=(8, *shape[1:])).astype(np.float32)
    outcome = run(model, {"x": inputs})
    error = np.sqrt(np.square(outcome.after - outcome.before).mean())
    assert error <= 0.015 * np.sqrt(np.square(outcome.before).mean())


def test_weights_have_a_scale_for_each_output_channel() -> None:
    """A small channel beside a large one keeps its precision; a channel of zeros stays zero."""
    weights = np.array([[1e-6, 100.0, 0.0], [-4e-7, -30.0, 0.0]])
    levels, scale, reach = quantise_weights(weights, (0,))
    restored = (levels.astype(np.float64) - WEIGHT_ZERO) * scale
    np.testing.assert_allclose(restored, weights, rtol=0.01)
    assert levels[:, 0].tolist() == [255, 77]
    assert reach == 127 + 51


@pytest.mark.parametrize("shape", [(8, 3), (8, 2, 8, 3)])
def test_weights_of_any_rank_are_multiplied(
    build: Callable[..., bytes], run: Callable[..., Any], shape: Sequence[int]
) -> None:
    """A stack of matrices has a scale for each column of each."""
    weights = np.random.default_rng(0).normal(size=shape) * np.arange(1, 4)
    model = build([make_node("MatMul", ["x", "w"], ["y"])], {"w": weights}, {"x": (1, 2, 4, 8)})
    inputs = np.random.default_rng(1).normal(size=(5, 2, 4, 8)).astype(np.float32)
    if len(shape) > 2:
        weights = weights[:1]
        model = build([make_node("MatMul", ["x", "w"], ["y"])], {"w": weights}, {"x": (1, 2, 4, 8)})
    assert run(model, {"x": inputs}).worst_steps < 2


def test_sums_beyond_32_bits_are_refused(build: Callable[..., bytes]) -> None:
    """With the size of the sum and the remedy."""
    weights = np.ones((70_000, 2))
    model = build(
        [make_node("MatMul", ["x", "w"], ["y"], "wide")], {"w": weights}, {"x": (1, 70_000)}
    )
    with pytest.raises(UnsupportedOperators, match="'wide': sums reach 2266950000, beyond int32"):
        quantize_model(model, {"x": np.ones((1, 70_000), np.float32)})
