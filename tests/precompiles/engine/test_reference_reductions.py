"""Reductions, ranking and pooling: bit for bit what the runtime gives, or refused by name."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from precompiles.engine.reference.application import NoRule, Undefined

Array = npt.NDArray[Any]
Compare = Callable[..., tuple[Array, ...]]
Draw = Callable[..., Array]
AXES = ([1], [0, 2], [-1], [0, 1, 2], None)
TOTALS = ("ReduceSum", "ReduceSumSquare", "ReduceL1", "ReduceProd")


def give_axes(operator: str, axes: list[int] | None) -> dict[str, Any]:
    """Axes as an operand, of which the last opset with the old form is the exception."""
    return {
        "opset": 20 if operator != "ReduceSum" else 13,
        "constants": [] if axes is None else [1],
    }


@pytest.mark.parametrize("axes", AXES)
@pytest.mark.parametrize("operator", TOTALS)
def test_totals_of_integers_agree(
    compare: Compare, draw: Draw, operator: str, axes: list[int] | None
) -> None:
    """As long as the total fits; kept axes have size one."""
    operands = [] if axes is None else [np.array(axes)]
    for dtype in ("int32", "int64"):
        array = draw(1, dtype, (2, 4, 3), small=True)
        array = np.sign(array) + np.sign(array) * (array > 4) if operator == "ReduceProd" else array
        for keepdims in (0, 1):
            options = give_axes(operator, axes)
            compare(operator, [array, *operands], keepdims=keepdims, **options)


def test_axes_as_attribute_and_none_at_all_agree(compare: Compare, draw: Draw) -> None:
    """Before opset 18 axes were an attribute; an empty list reduces all or, if asked, nothing."""
    array = draw(1, "int32", (2, 4, 3), small=True)
    compare("ReduceMax", [array], opset=13, axes=[0, -1])
    for noop in (0, 1):
        empty = np.zeros(0, np.int64)
        options = give_axes("ReduceMax", [])
        compare("ReduceMax", [array, empty], noop_with_empty_axes=noop, **options)


@pytest.mark.parametrize("operator", TOTALS)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
def test_totals_that_do_not_fit_are_refused(refer: Compare, operator: str, dtype: str) -> None:
    """Older runtimes wrap, newer ones add in float64 and saturate: there is no common answer."""
    array = np.full((2, 3), np.iinfo(dtype).max, dtype)
    with pytest.raises(Undefined, match="differs between runtimes"):
        refer(operator, [array], **give_axes(operator, None))


def test_total_is_exact_just_below_the_limits(refer: Compare) -> None:
    """2^53 - 1 and the largest int32 pass, one more does not."""
    for dtype, limit in (("int64", 2**53 - 1), ("int32", 2**31 - 1)):
        parts = np.array([limit - 1, 1], dtype)
        assert refer("ReduceSum", [parts], opset=13, keepdims=0)[0] == limit
        with pytest.raises(Undefined):
            refer("ReduceSum", [parts + np.array([0, 1], dtype)], opset=13)


@pytest.mark.parametrize("operator", ["ReduceMax", "ReduceMin"])
def test_extremes_over_axes_agree(compare: Compare, draw: Draw, operator: str) -> None:
    """Integers and floats."""
    for dtype in ("int8", "uint8", "int32", "int64", "float32", "float64"):
        array = draw(2, dtype, (2, 4, 3), nan=False, bits=31)
        for axes in AXES[:4]:
            options = give_axes(operator, axes)
            compare(operator, [array, np.array(axes)], keepdims=0, **options)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_running_sums_wrap_and_agree(compare: Compare, draw: Draw, axis: int) -> None:
    """Forwards and backwards, with and without the element itself."""
    for dtype in ("int32", "int64"):
        for exclusive, reverse in ((0, 0), (0, 1), (1, 0), (1, 1)):
            operands = [draw(3, dtype, (3, 4, 5)), np.asarray(axis)]
            options = {"exclusive": exclusive, "reverse": reverse}
            compare("CumSum", operands, constants=[1], **options)


@pytest.mark.parametrize("operator", ["ArgMax", "ArgMin"])
def test_positions_of_extremes_agree_on_ties(compare: Compare, draw: Draw, operator: str) -> None:
    """The first of equals, or the last if asked."""
    for dtype in ("int8", "uint8", "int32", "int64", "float32"):
        array = draw(4, dtype, (3, 9, 5), small=True)
        for axis, last, keepdims in ((0, 0, 1), (1, 0, 0), (-1, 1, 1), (1, 1, 0)):
            options = {"axis": axis, "select_last_index": last, "keepdims": keepdims}
            compare(operator, [array], **options)


@pytest.mark.parametrize("shape", [(3, 4, 5), (20, 30, 40)])
def test_largest_and_smallest_agree_on_ties(
    compare: Compare, draw: Draw, shape: tuple[int, ...]
) -> None:
    """Values and indices in order, among equals the lower index first, on either sorting path."""
    count = np.array([min(shape)])
    for dtype in ("int8", "int16", "uint8", "int32", "int64", "float32"):
        array = draw(5, dtype, shape, small=True)
        for axis, largest in ((0, 1), (1, 0), (-1, 1)):
            options = {"axis": axis, "largest": largest}
            compare("TopK", [array, count], results=2, constants=[1], **options)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "float32", "float64"])
@pytest.mark.parametrize("seed", range(12))
def test_pooling_agrees(compare: Compare, draw: Draw, dtype: str, seed: int) -> None:
    """One to three axes, with positions of the maxima and without."""
    rng, axes = np.random.default_rng(seed), 1 + seed % 3
    kernel = rng.integers(1, 4, axes)
    options: dict[str, Any] = {"kernel_shape": kernel.tolist()}
    options["strides"] = [int(rng.integers(1, width + 1)) for width in kernel]
    if seed % 2:
        options["dilations"] = rng.integers(1, 3, axes).tolist()
        options["pads"] = [int(rng.integers(0, width)) for width in kernel] * 2
    else:
        options["auto_pad"] = ("SAME_UPPER", "SAME_LOWER")[seed // 2 % 2]
    array = np.nan_to_num(draw(seed, dtype, (2, 3, *rng.integers(5, 9, axes))))
    compare("MaxPool", [array], **options)
    for storage_order in (0, 1):
        compare("MaxPool", [array], results=2, storage_order=storage_order, **options)


def test_global_pooling_agrees(compare: Compare, draw: Draw) -> None:
    """One maximum for each channel."""
    compare("GlobalMaxPool", [draw(6, "float32", (2, 3, 4, 5), nan=False)])


@pytest.mark.parametrize("operator", ["ReduceMax", "ArgMax", "MaxPool", "TopK"])
def test_order_of_nan_is_refused(refer: Compare, operator: str) -> None:
    """Vector units of different hosts put NaN first, last or nowhere."""
    array = np.array([[[1, np.nan, 2]]], np.float32)
    more: dict[str, dict[str, Any]] = {
        "MaxPool": {"kernel_shape": [2]},
        "TopK": {"results": 2, "constants": [1]},
    }
    operands = [array, np.array([1])] if operator == "TopK" else [array]
    with pytest.raises(Undefined, match=f"{operator} of NaN"):
        refer(operator, operands, **more.get(operator, {}))


def test_windows_without_a_common_answer_are_refused(refer: Compare) -> None:
    """Nothing but -inf, nothing but padding, and automatic padding below zero."""
    array = np.full((1, 1, 6), -np.inf, np.float32)
    with pytest.raises(Undefined, match="-inf alone"):
        refer("MaxPool", [array], kernel_shape=[2])
    zeros, strides = np.zeros((1, 1, 5), np.float32), {"kernel_shape": [1], "strides": [3]}
    with pytest.raises(Undefined, match="padding alone"):
        refer("MaxPool", [zeros], opset=13, ceil_mode=1, **strides)
    with pytest.raises(Undefined, match="step over the kernel"):
        refer("MaxPool", [zeros], auto_pad="SAME_UPPER", **strides)


def test_what_depends_on_order_has_no_rule(refer: Compare) -> None:
    """Sums of floats, and the k largest unsorted."""
    with pytest.raises(NoRule, match="ReduceSum of float32"):
        refer("ReduceSum", [np.ones(3, np.float32)], opset=13)
    with pytest.raises(NoRule, match="without sorting"):
        refer("TopK", [np.arange(4), np.array([2])], results=2, constants=[1], sorted=0)
