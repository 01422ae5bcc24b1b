"""Rescaling: levels are the nearest ones, whatever tensors, scales and offsets go in."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.manifest import Profile
from precompiles.quantization.grid import Grid
from precompiles.quantization.integer_graph import IntegerGraph
from precompiles.quantization.linear import Linear, Term
from precompiles.quantization.normalisation import emit_square_root
from precompiles.quantization.refusal import CannotQuantize
from precompiles.quantization.rescaling import emit_levels
from precompiles.tensor import DType, TensorType

COUNT = 6
SCALES = st.floats(1e-6, 1e3) | st.floats(-1e3, -1e-6)
VALUES = st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=COUNT, max_size=COUNT)
GRIDS = st.builds(
    Grid,
    scale=st.floats(1e-6, 1e3),
    zero=st.integers(0, 255),
    low=st.just(0),
    high=st.just(255),
    dtype=st.just(DType.UINT8),
) | st.builds(
    Grid,
    scale=st.floats(1e-6, 1e3),
    zero=st.just(0),
    low=st.just(-(1 << 20)),
    high=st.just(1 << 20),
    dtype=st.just(DType.INT32),
)


def encode_levels(linear: Linear, grid: Grid) -> bytes:
    """A model from the terms of `linear` to its levels on `grid`."""
    graph = IntegerGraph([*(term.name for term in linear.terms), "level"])
    name = emit_levels(graph, linear, grid, (grid.low, grid.high), "sum")
    graph.finish(name, "level")
    inputs = [TensorType(term.name, term.dtype, term.shape) for term in linear.terms]
    return graph.encode("levels", inputs, [TensorType("level", grid.dtype, linear.shape)], {})


def build_term(name: str, scale: float) -> Term:
    """An int32 tensor of which nothing is known."""
    return Term(name, DType.INT32, (COUNT,), -(1 << 31), (1 << 31) - 1, np.asarray(scale))


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES, SCALES, SCALES, st.floats(-1e6, 1e6), GRIDS)
def test_levels_are_within_one_of_the_rational_result(
    left: list[int], right: list[int], one: float, other: float, offset: float, grid: Grid
) -> None:
    """Both engines alike, exact by admission; a tensor far beyond the grid ends at its edge."""
    linear = Linear((COUNT,), (build_term("a", one), build_term("b", other)), np.asarray(offset))
    try:
        model = encode_levels(linear, grid)
    except CannotQuantize:
        assert max(abs(one), abs(other)) / grid.scale > 1e6
        return
    assert admit_model(model).profile is Profile.EXACT
    feed = {"a": np.array(left, np.int32), "b": np.array(right, np.int32)}
    levels = build_session(model).run(None, feed)[0]
    assert levels.tobytes() == evaluate(read_graph(model), feed)["level"].tobytes()
    largest = max((abs(one) + abs(other)) / grid.scale * 2**31, abs(offset) / grid.scale + 2**21)
    bits = 60 - math.ceil(math.log2(largest))  # of the fraction, so far as 64 bits allow
    for a, b, level in zip(left, right, levels, strict=True):
        parts = [Fraction(one) * a, Fraction(other) * b]
        real = (parts[0] + parts[1] + Fraction(offset)) / Fraction(grid.scale) + grid.zero
        nearest = min(max(real, Fraction(grid.low)), Fraction(grid.high))
        cut = any(abs(part) / Fraction(grid.scale) > 1 << 27 for part in parts)
        loss = (abs(a) + abs(b)) / Fraction(2) ** bits
        assert cut or abs(int(level) - nearest) <= Fraction(1, 2) + loss + Fraction(1, 100)


def test_masks_end_at_the_edge_of_the_grid() -> None:
    """An addend of minus infinity, as a mask has it, gives the lowest level."""
    offset = np.array([0, -np.inf, -1e30, 1e30, np.inf, 0])
    grid = Grid(1.0, 10, 0, 255, DType.UINT8)
    model = encode_levels(Linear((COUNT,), (build_term("a", 1.0),), offset), grid)
    levels = build_session(model).run(None, {"a": np.full(COUNT, 5, np.int32)})[0]
    assert levels.tolist() == [15, 0, 0, 255, 255, 15]


def test_scales_too_far_apart_are_refused() -> None:
    """Sixty-four bits do not hold everything; the message says what to do."""
    huge = Term("a", DType.INT64, (COUNT,), -(1 << 52), 1 << 52, np.asarray(1e9))
    linear = Linear((COUNT,), (huge,), np.zeros(()))
    with pytest.raises(CannotQuantize, match="too far apart"):
        encode_levels(linear, Grid(1e-9, 0, 0, 255, DType.UINT8))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.integers(1, (1 << 52) - 1)
        | st.integers(1, 1 << 26).map(lambda root: root * root)
        | st.integers(2, 1 << 26).map(lambda root: root * root - 1),
        min_size=COUNT,
        max_size=COUNT,
    )
)
def test_square_root_is_within_one_of_the_integer_root(squares: list[int]) -> None:
    """Over the whole range the variance of a normalisation may take."""
    graph = IntegerGraph(["squares", "root"])
    graph.finish(emit_square_root(graph, "squares", "r"), "root")
    kinds = [TensorType(name, DType.INT64, (COUNT, 1)) for name in ("squares", "root")]
    model = graph.encode("root", kinds[:1], kinds[1:], {})
    roots = build_session(model).run(None, {"squares": np.array(squares)[:, None]})[0][:, 0]
    for square, root in zip(squares, roots.tolist(), strict=True):
        assert (root - 1) ** 2 <= square < (root + 2) ** 2
