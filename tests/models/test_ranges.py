"""Ranges: what is proven of a tensor holds for every element the runtime gives."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.engine.canonical import to_array
from precompiles.engine.session import build_session, run_session
from precompiles.models.graph import read_graph
from precompiles.models.ranges.analysis import compute_ranges
from precompiles.models.ranges.interval import Interval, get_type_range, measure, round_outward
from precompiles.models.rules.judge import judge_graph
from precompiles.tensor import DType
from tests.models.conftest import Build, Step

BOUNDS = st.integers(-(1 << 70), 1 << 70)
INTERVALS = st.tuples(BOUNDS, BOUNDS).map(lambda pair: Interval(min(pair), max(pair)))
BYTES = st.integers(-128, 127)


def pick(interval: Interval, share: int) -> int:
    """An element of the interval."""
    return interval.low + share % (interval.high - interval.low + 1)


@given(INTERVALS, INTERVALS, st.integers(0, 1 << 80), st.integers(0, 1 << 80))
def test_arithmetic_holds_the_results_of_its_elements(
    left: Interval, right: Interval, first: int, second: int
) -> None:
    """Sum, difference, product, opposite, magnitude, hull and clamp of any two elements."""
    a, b = pick(left, first), pick(right, second)
    assert a + b in left.add(right)
    assert a - b in left.subtract(right)
    assert a * b in left.multiply(right)
    assert -a in left.negate()
    assert abs(a) in left.absolute()
    assert abs(a) <= left.magnitude
    assert a in left.join(right)
    assert b in left.join(right)
    low, high = sorted((b, b + 5))
    assert min(max(a, low), high) in left.clamp(low, high)


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=9), st.permutations(range(9)))
def test_sum_holds_every_partial_sum_in_any_order(values: list[int], order: list[int]) -> None:
    """A kernel may add in any order and may not overflow on the way."""
    interval = Interval(min(values), max(values)).scale(len(values))
    total = 0
    for index in order:
        if index < len(values):
            total += values[index]
            assert total in interval


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_are_rounded_outward(value: float) -> None:
    """A float lies inside its interval, also after one more rounding."""
    interval = measure(np.array(value, np.float32))
    assert interval is not None
    assert interval.low <= value <= interval.high
    rounded = round_outward(interval)
    assert rounded is None or interval.is_within(rounded)


def test_type_alone_proves_its_range_for_integers_and_nothing_for_floats() -> None:
    """A float may be NaN."""
    assert get_type_range(DType.INT8) == Interval(-128, 127)
    assert get_type_range(DType.UINT64) == Interval(0, (1 << 64) - 1)
    assert get_type_range(DType.BOOL) == Interval(0, 1)
    assert get_type_range(DType.FLOAT32) is None


@settings(max_examples=40)
@given(
    st.lists(st.lists(BYTES, min_size=3, max_size=3), min_size=2, max_size=6),
    st.integers(0, 255),
    st.data(),
)
def test_product_bounds_hold_and_are_reached(
    build: Build, rows: list[list[int]], zero: int, data: st.DataObject
) -> None:
    """Per column from the weights: no input passes them, and some input reaches each."""
    weights = (np.array(rows) + 128).astype(np.uint8)  # (k, 3)
    depth = len(rows)
    constants = {"w": weights, "a": np.uint8(zero), "b": np.uint8(128)}
    step: Step = ("MatMulInteger", ["x", "w", "a", "b"], ["y"], {})
    model = build([step], {"x": ("u8", [1, depth])}, {"y": "i32"}, constants)
    bound = compute_ranges(read_graph(model)).bounds["y"]
    session = build_session(model)
    shifted = weights.astype(int) - 128
    ends = [np.where(sign * shifted[:, c] > 0, 255, 0) for sign in (1, -1) for c in range(3)]
    drawn = data.draw(st.lists(st.integers(0, 255), min_size=depth, max_size=depth))
    found = []
    for values in (*ends, drawn):
        feed = {"x": np.array([values], np.uint8)}
        found.append(to_array(run_session(session, ["y"], feed)[0]))
    results = np.array(found)
    assert bound.low <= results.min()
    assert results.max() <= bound.high
    assert bound.join(Interval(0, 0)) == Interval(
        min(int(results.min()), 0), max(int(results.max()), 0)
    )


def test_requantisation_is_proven_by_its_multiplier(build: Build) -> None:
    """|acc M| < 2^63 decides between exact and pinned, to the bit."""

    def judge(multiplier: int) -> Any:
        steps: list[Step] = [
            ("MatMulInteger", ["x", "w"], ["acc"], {}),
            ("Cast", ["acc"], ["wide"], {"to": 7}),
            ("Mul", ["wide", "m"], ["y"], {}),
        ]
        constants = {"w": np.full((4, 1), 2, np.uint8), "m": np.int64(multiplier)}
        return judge_graph(read_graph(build(steps, {"x": ("u8", [1, 4])}, {"y": "i64"}, constants)))

    largest = ((1 << 63) - 1) // (4 * 2 * 255)
    assert judge(largest)[-1].profile == 0
    assert judge(largest + 1)[-1].profile == 2
    assert "overflow" in judge(largest + 1)[-1].why


def test_wrapped_result_has_the_range_of_its_type(build: Build) -> None:
    """After an overflow nothing narrower is claimed."""
    steps: list[Step] = [("Mul", ["x", "x"], ["s"], {}), ("BitwiseAnd", ["s", "mask"], ["y"], {})]
    model = build(steps, {"x": ("i32", [4])}, {"y": "i32"}, {"mask": np.int32(7)})
    bounds = compute_ranges(read_graph(model)).bounds
    assert bounds["s"] == get_type_range(DType.INT32)
    assert bounds["y"] == Interval(0, 7)
