"""Rules: which use of an operator is exact, pinned or refused, at the edges of each condition."""

from typing import Any

import numpy as np
import pytest

from precompiles.models.graph import read_graph
from precompiles.models.manifest import Profile
from precompiles.models.rules.judge import judge_graph
from precompiles.models.rules.verdict import Verdict
from tests.models.conftest import Build, Step

EXACT, PINNED, REFUSED = Profile.EXACT, Profile.PINNED, None
X: dict[str, Any] = {"x": ("u8", [1, 4])}


def judge(model: bytes) -> Verdict:
    """The verdict on the last operator."""
    return judge_graph(read_graph(model))[-1]


def weights(*column: int) -> Any:
    return np.array(column, np.int8).reshape(-1, 1)


@pytest.mark.parametrize(
    ("column", "profile"),
    [
        ((64, 64, 0, 0), EXACT),  # 255 x 128 = 32,640
        ((64, 65, 0, 0), PINNED),  # 255 x 129 = 32,895
        ((64, 0, 0, 65), PINNED),  # any two weights may be packed side by side
        ((-64, 0, -64, 0), EXACT),
        ((-128, 1, 0, 0), PINNED),
        ((127, 1, 1, 1), EXACT),
        ((127, 2, 1, 1), PINNED),
    ],
)
def test_weights_of_unsigned_by_signed_products_stay_below_the_pair_bound(
    build: Build, column: tuple[int, ...], profile: Profile
) -> None:
    """255 (|w1| + |w2|) <= 32767 for any two weights of a column, to the unit."""
    step: Step = ("MatMulInteger", ["x", "w"], ["y"], {})
    verdict = judge(build([step], X, {"y": "i32"}, {"w": weights(*column)}))
    assert verdict.profile is profile
    assert (profile is EXACT) or "saturates" in verdict.why
    assert (profile is EXACT) or "uint8" in verdict.remedy


def test_pair_bound_is_per_column(build: Build) -> None:
    """Two large weights of different columns never meet."""
    wide = np.zeros((4, 2), np.int8)
    wide[0, 0] = wide[1, 1] = 127
    step: Step = ("MatMulInteger", ["x", "w"], ["y"], {})
    assert judge(build([step], X, {"y": "i32"}, {"w": wide})).profile is EXACT


def test_pair_bound_follows_the_range_of_the_operand(build: Build) -> None:
    """An operand clamped to 16 allows full-range weights."""
    steps: list[Step] = [
        ("Min", ["x", "most"], ["c"], {}),
        ("MatMulInteger", ["c", "w"], ["y"], {}),
    ]
    constants = {"most": np.uint8(16), "w": weights(-128, 127, -128, 127)}
    assert judge(build(steps, X, {"y": "i32"}, constants)).profile is EXACT


@pytest.mark.parametrize(
    ("left", "right", "operator", "profile"),
    [
        ("u8", "u8", "MatMulInteger", EXACT),
        ("i8", "i8", "MatMulInteger", EXACT),
        ("i8", "u8", "MatMulInteger", EXACT),
        ("u8", "i8", "MatMulInteger", PINNED),
        ("u8", "u8", "ConvInteger", EXACT),
        ("i8", "i8", "ConvInteger", EXACT),
        ("i8", "u8", "ConvInteger", PINNED),  # the runtime swaps the operands
        ("u8", "i8", "ConvInteger", PINNED),
    ],
)
def test_pairs_of_byte_types_that_may_saturate_are_pinned(
    build: Build, left: str, right: str, operator: str, profile: Profile
) -> None:
    """Unknown weights have their full range; only mixed signs can saturate."""
    shapes = ([1, 4], [4, 2]) if operator == "MatMulInteger" else ([1, 1, 4, 4], [1, 1, 3, 3])
    inputs = {"x": (left, shapes[0]), "w": (right, shapes[1])}
    verdict = judge(build([(operator, ["x", "w"], ["y"], {})], inputs, {"y": "i32"}))
    assert verdict.profile is profile


@pytest.mark.parametrize(("depth", "profile"), [(33_025, EXACT), (33_027, PINNED)])
def test_sums_of_byte_products_fit_int32(build: Build, depth: int, profile: Profile) -> None:
    """255 x 255 x 33,025 is below 2^31, two more terms are above."""
    constants = {"w": np.full((depth, 1), 255, np.uint8)}
    step: Step = ("MatMulInteger", ["x", "w"], ["y"], {})
    assert (
        judge(build([step], {"x": ("u8", [1, depth])}, {"y": "i32"}, constants)).profile is profile
    )


@pytest.mark.parametrize(
    ("operator", "kind", "constant", "profile"),
    [
        ("Add", "i32", 1, PINNED),
        ("Add", "f32", 1, EXACT),
        ("Add", "f64", 1, PINNED),
        ("Add", "f16", 1, PINNED),
        ("Sub", "u8", 1, PINNED),
        ("Mul", "i64", 1, EXACT),
        ("Mul", "i64", 2, PINNED),
        ("Mul", "f32", 3, EXACT),
        ("Div", "i64", 2, EXACT),
        ("Div", "i64", 0, REFUSED),
        ("Div", "i64", -1, REFUSED),
        ("Div", "u8", 255, EXACT),
        ("Div", "f32", 3, EXACT),
        ("Div", "f32", 0, PINNED),
        ("Mod", "i32", 7, EXACT),
        ("Mod", "i32", 0, REFUSED),
        ("Mod", "f32", 2, REFUSED),
        ("Max", "i32", 0, EXACT),
        ("Max", "i64", 0, PINNED),  # x86 runtimes order int64 by halves
        ("Max", "f32", 0, PINNED),
        ("BitShift", "u32", 31, EXACT),
        ("BitShift", "u32", 32, PINNED),
        ("Greater", "f32", 0, EXACT),
        ("Pow", "f32", 2, PINNED),
    ],
)
def test_binary_operator_by_a_constant(
    build: Build, operator: str, kind: str, constant: int, profile: Profile | None
) -> None:
    """Overflow, zero, the lowest integer by -1, NaN, wide shifts: as the table says."""
    dtype = f"{kind[0]}{int(kind[1:]) // 8}"
    attributes = {"direction": "RIGHT"} if operator == "BitShift" else {}
    outputs = {"y": "b" if operator == "Greater" else kind}
    step: Step = (operator, ["x", "c"], ["y"], attributes)
    constants = {"c": np.array(constant).astype(dtype)}
    verdict = judge(build([step], {"x": (kind, [1, 4])}, outputs, constants))
    assert verdict.profile is profile, verdict
    assert profile is EXACT or verdict.remedy


@pytest.mark.parametrize(
    ("source", "target", "profile"),
    [
        ("i64", "u8", EXACT),
        ("u8", "f32", EXACT),
        ("i32", "f32", PINNED),  # beyond 2^24
        ("f32", "u8", PINNED),
        ("f32", "f64", EXACT),
        ("f64", "f32", PINNED),
        ("f32", "f16", PINNED),
        ("f32", "b", EXACT),
        ("b", "f32", EXACT),
    ],
)
def test_cast(build: Build, source: str, target: str, profile: Profile) -> None:
    """Integers wrap, floats are exact only where nothing is rounded or cut."""
    from tests.models.conftest import KINDS

    step: Step = ("Cast", ["x"], ["y"], {"to": KINDS[target]})
    assert judge(build([step], {"x": (source, [1, 4])}, {"y": target})).profile is profile


def test_float_of_proven_range_casts_to_integer_exactly(build: Build) -> None:
    """From integers, scaled, clamped: NaN is excluded on the way."""
    steps: list[Step] = [
        ("Cast", ["x"], ["f"], {"to": 1}),
        ("Mul", ["f", "s"], ["m"], {}),
        ("Relu", ["m"], ["r"], {}),
        ("Clip", ["r", "low", "high"], ["c"], {}),
        ("Cast", ["c"], ["y"], {"to": 2}),
    ]
    constants = {"s": np.float32(0.37), "low": np.float32(0), "high": np.float32(255)}
    verdicts = judge_graph(read_graph(build(steps, X, {"y": "u8"}, constants)))
    assert {verdict.profile for verdict in verdicts} == {EXACT}


@pytest.mark.parametrize(("most", "profile"), [(3, EXACT), (4, REFUSED)])
def test_index_is_inside_the_axis_or_the_model_is_refused(
    build: Build, most: int, profile: Profile | None
) -> None:
    """A table of four entries takes an index clamped to 3, not to 4."""
    steps: list[Step] = [
        ("Cast", ["x"], ["i"], {"to": 6}),
        ("Clip", ["i", "low", "high"], ["c"], {}),
        ("Gather", ["table", "c"], ["y"], {}),
    ]
    constants = {
        "low": np.int32(0),
        "high": np.int32(most),
        "table": np.arange(4, dtype=np.int64),
    }
    verdict = judge(build(steps, {"x": ("i64", [1, 4])}, {"y": "i64"}, constants))
    assert verdict.profile is profile
    assert profile is EXACT or "outside" in verdict.why


def test_clamping_int64_does_not_prove_an_index(build: Build) -> None:
    """min(2^31, 3) is 2^31 in x86 runtimes, so the clamp of an int64 proves nothing."""
    steps: list[Step] = [
        ("Clip", ["x", "low", "high"], ["c"], {}),
        ("Gather", ["t", "c"], ["y"], {}),
    ]
    constants = {"low": np.int64(0), "high": np.int64(3), "t": np.arange(4, dtype=np.int64)}
    assert judge(build(steps, {"x": ("i64", [1, 4])}, {"y": "i64"}, constants)).profile is REFUSED


@pytest.mark.parametrize(
    ("indices", "profile"), [([0, 3], EXACT), ([0, -4], PINNED), ([1, 4], REFUSED)]
)
def test_scatter_writes_each_place_once(
    build: Build, indices: list[int], profile: Profile | None
) -> None:
    """-4 and 0 are one place of four; 4 is none."""
    constants = {"i": np.array([indices]), "u": np.zeros((1, 2), np.uint8)}
    step: Step = ("ScatterElements", ["x", "i", "u"], ["y"], {"axis": 1})
    assert judge(build([step], X, {"y": "u8"}, constants)).profile is profile


def test_more_rows_than_one_are_not_quantised_together(build: Build) -> None:
    """A row's result would depend on the rows beside it."""
    step: Step = ("DynamicQuantizeLinear", ["x"], ["y", "s", "z"], {})
    outputs = {"y": "u8", "s": "f32", "z": "u8"}
    assert judge(build([step], {"x": ("f32", [1, 4])}, outputs)).profile is PINNED
    assert judge(build([step], {"x": ("f32", [2, 4])}, outputs)).profile is REFUSED
