"""Element-wise operators: bit for bit what the runtime gives, from its extremes to the middle."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from precompiles.engine.reference.application import NoRule, Undefined

Array = npt.NDArray[Any]
Compare = Callable[..., tuple[Array, ...]]
Draw = Callable[..., Array]
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
INTEGERS = SIGNED + UNSIGNED
NUMBERS = INTEGERS + FLOATS
WITHOUT_KERNEL = {"Clip": ("int16", "uint16"), "Where": ("int16", "uint16", "uint64", "float16")}
WITHOUT_KERNEL["Max"] = WITHOUT_KERNEL["Min"] = ("int8", "int16", "uint8", "uint16")


def nonzero(array: Array) -> Array:
    """The array with 1 in place of what a division must not meet."""
    trap = (array == 0) | (array == -1) if array.dtype.kind == "i" else array == 0
    return np.where(trap, array.dtype.type(1), array)


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("operator", ["Add", "Sub", "Mul", "Less", "GreaterOrEqual", "Equal"])
def test_binary_operators_agree_on_extremes_and_broadcast(
    compare: Compare, draw: Draw, operator: str, dtype: str
) -> None:
    """Integers wrap, floats round once, NaN compares as unordered; shapes broadcast both ways."""
    left, right = draw(1, dtype, (3, 4, 5)), draw(2, dtype, (4, 1))
    compare(operator, [left, right])
    compare(operator, [right, left])


@pytest.mark.parametrize("dtype", NUMBERS)
def test_division_and_remainder_agree(compare: Compare, draw: Draw, dtype: str) -> None:
    """Integer quotients go toward zero; a remainder has the divisor's sign, or the dividend's."""
    left, right = draw(3, dtype, (9, 7)), nonzero(draw(4, dtype, (9, 7)))
    compare("Div", [left, right])
    compare("Mod", [left, right], fmod=1)
    if dtype in INTEGERS:
        compare("Mod", [left, right])


def test_integer_division_goes_toward_zero_and_modulo_down(refer: Compare) -> None:
    """The two kinds of rounding, on the four sign patterns."""
    left, right = np.array([7, -7, 7, -7]), np.array([2, 2, -2, -2])
    assert refer("Div", [left, right])[0].tolist() == [3, -3, -3, 3]
    assert refer("Mod", [left, right])[0].tolist() == [1, 1, -1, -1]
    assert refer("Mod", [left, right], fmod=1)[0].tolist() == [1, -1, 1, -1]


@pytest.mark.parametrize("operator", ["Div", "Mod"])
@pytest.mark.parametrize("dtype", SIGNED)
def test_division_that_traps_is_refused(refer: Compare, operator: str, dtype: str) -> None:
    """Division by zero and of the lowest value by -1 would end the process, so nothing runs."""
    lowest = np.array([np.iinfo(dtype).min], dtype)
    for divisor in (0, -1):
        with pytest.raises(Undefined, match="stops the host"):
            refer(operator, [lowest, np.array([divisor], dtype)])


@pytest.mark.parametrize(
    ("operator", "dtypes"),
    [
        ("Abs", NUMBERS),
        ("Neg", SIGNED + FLOATS),
        ("Relu", ("int8", "int32", "float32", "float64")),
        *((name, ("float32", "float64")) for name in ("Floor", "Ceil", "Round", "Sqrt", "IsNaN")),
        ("IsInf", ("float32", "float64")),
        ("Sign", ("int8", "int16", "int32", *UNSIGNED)),
        ("BitwiseNot", INTEGERS),
        ("Not", ("bool",)),
    ],
)
def test_unary_operators_agree(
    compare: Compare, draw: Draw, operator: str, dtypes: tuple[str, ...]
) -> None:
    """The lowest integer is its own magnitude and its own negative; halves round to even."""
    for dtype in dtypes:
        compare(operator, [draw(5, dtype, (8, 9))])


@pytest.mark.parametrize("operator", ["Min", "Max"])
def test_extremes_of_several_operands_agree(compare: Compare, draw: Draw, operator: str) -> None:
    """NaN wins over every number."""
    for dtype in set(NUMBERS) - set(WITHOUT_KERNEL[operator]):
        shapes = ((4, 5), (5,), (4, 1))
        compare(operator, [draw(i, dtype, shape, bits=31) for i, shape in enumerate(shapes)])


@pytest.mark.parametrize("operator", ["Min", "Max", "Clip", "Sign", "ReduceMin", "ReduceMax"])
def test_order_of_int64_is_that_of_whole_numbers(refer: Compare, operator: str) -> None:
    """Also where the runtime's x86 builds compare the low halves as signed (beyond 32 bits)."""
    near, far = np.array([[1 << 31, -4]]), np.array([[0, -(1 << 31) - 4]])
    operands = {"Clip": [near, np.asarray(0), np.asarray(9)], "Sign": [near]}.get(operator)
    constants = [1] if operator.startswith("Reduce") else []
    if constants:
        operands = [np.concatenate([near, far]), np.array([0])]
    expected = {
        "Min": [[0, -(1 << 31) - 4]],
        "Max": [[1 << 31, -4]],
        "Clip": [[9, 0]],
        "Sign": [[1, -1]],
    }[operator.removeprefix("Reduce")]
    given = operands or [near, far]
    assert refer(operator, given, constants=constants)[0].tolist() == expected


def test_clip_and_sum_agree(compare: Compare, draw: Draw) -> None:
    """An upper bound below the lower one wins; a missing bound is the last finite value."""
    for dtype in set(NUMBERS) - set(WITHOUT_KERNEL["Clip"]):
        array = draw(9, dtype, (4, 9), bits=31)
        low, high = np.sort(draw(10, dtype, (2,), nan=False, bits=31))
        for bounds in ([low, high], [high, low], [low], [None, high]):
            given = [None if bound is None else np.asarray(bound, dtype) for bound in bounds]
            compare("Clip", [array, *given])
    for dtype in ("float32", "float64"):
        compare("Sum", [draw(11, dtype, (4, 5)), draw(12, dtype, (5,)), draw(13, dtype, (1, 1))])


@pytest.mark.parametrize("operator", ["BitwiseAnd", "BitwiseOr", "BitwiseXor"])
def test_bitwise_operators_agree(compare: Compare, draw: Draw, operator: str) -> None:
    """Every integer type."""
    for dtype in INTEGERS:
        compare(operator, [draw(14, dtype, (4, 5)), draw(15, dtype, (5,))])


@pytest.mark.parametrize("direction", ["LEFT", "RIGHT"])
def test_shifts_agree_below_the_width(compare: Compare, draw: Draw, direction: str) -> None:
    """Bits pushed out are gone; a shift by the width or more has no common answer."""
    for dtype in ("uint8", "uint32", "uint64"):
        array = draw(16, dtype, (4, 9))
        width = 8 * array.itemsize
        count = np.random.default_rng(17).integers(0, width, (4, 9)).astype(dtype)
        compare("BitShift", [array, count], direction=direction)
        with pytest.raises(Undefined, match=f"{width} in {width} bits"):
            compare("BitShift", [array, np.full_like(count, width)], direction=direction)


def test_logic_and_choice_agree(compare: Compare, draw: Draw) -> None:
    """Booleans, and either of two tensors by a condition."""
    left, right = draw(18, "bool", (4, 5)), draw(19, "bool", (5,))
    for operator in ("And", "Or", "Xor"):
        compare(operator, [left, right])
    for dtype in ("uint8", "int32", "int64", "float32"):
        compare("Where", [left, draw(20, dtype, (4, 1)), draw(21, dtype, (1, 5))])


@pytest.mark.parametrize("source", [*NUMBERS, "bool"])
def test_casts_agree(compare: Compare, draw: Draw, source: str) -> None:
    """Integers keep their low bits; what a float cannot hold rounds to even."""
    for target in (*NUMBERS, "bool"):
        like = np.zeros(1, target)
        array = draw(22, source, (60,))
        if source in FLOATS and target in INTEGERS:
            array = np.abs(draw(22, source, (60,), small=True)) + array.dtype.type(0.75)
        compare("CastLike", [array, like])


@pytest.mark.parametrize("value", [np.nan, np.inf, 128.0, -129.0, 3e38])
def test_float_out_of_range_of_an_integer_is_refused(refer: Compare, value: float) -> None:
    """Processors answer differently: one saturates, another gives the lowest value."""
    with pytest.raises(Undefined, match="cast to int8 differs"):
        refer("CastLike", [np.array([1, value], np.float32), np.zeros(1, np.int8)])


def test_float_at_the_very_limits_of_int64_is_cast(refer: Compare) -> None:
    """-2^63 fits, 2^63 does not: the bounds are exact in float64."""
    like = np.zeros(1, np.int64)
    assert refer("CastLike", [np.array([-(2.0**63)]), like])[0].tolist() == [-(2**63)]
    with pytest.raises(Undefined):
        refer("CastLike", [np.array([2.0**63]), like])


def test_use_without_a_common_answer_is_refused_by_name(refer: Compare) -> None:
    """Sign of NaN, and the remainder of floats that the runtime does not have."""
    with pytest.raises(Undefined, match="Sign of NaN"):
        refer("Sign", [np.array([np.nan], np.float32)])
    with pytest.raises(NoRule, match="Mod of floats without fmod"):
        refer("Mod", [np.ones(1, np.float32), np.ones(1, np.float32)])
