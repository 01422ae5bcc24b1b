"""Sweeps over float32 inputs: how far a function is from the correctly rounded result."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from accuracy.function import Function

Array = npt.NDArray[Any]
_MARGIN = 2.0**-44  # relative; the quick references are within 2^-49
_BLOCK = 1 << 14  # inputs at a time: what stays in the cache
_DIGITS = 60  # of mpmath; angles up to 2^128 need 40 of them
_BITS = 24  # of a float32 mantissa
_LEAST = -149  # exponent of the smallest float32
_TINY = 2.0**-125  # half of it is the smallest normal float32


@dataclass(slots=True)
class Outcome:
    """What a sweep found."""

    inputs: int = 0
    decided: int = 0  # by mpmath
    wrong: int = 0  # not the correctly rounded value
    ulp: float = 0.5  # largest error that was measured
    worst: float = 0.0  # where


def list_inputs(count: int | None) -> Iterator[Array]:
    """Blocks of inputs: all 2^32 patterns, or about `count` spread evenly over them."""
    stride = 1 if count is None else max((1 << 32) // count | 1, 1)  # odd: every low bit occurs
    total = -(-(1 << 32) // stride)
    for start in range(0, total, _BLOCK):
        index = np.arange(start, min(start + _BLOCK, total), dtype=np.uint64)
        yield (index * np.uint64(stride)).astype(np.uint32).view(np.float32)


def sweep(function: Function, count: int | None) -> Outcome:
    """Every input of `list_inputs` against the references."""
    outcome = Outcome()
    with np.errstate(all="ignore"), mpmath.workdps(_DIGITS):
        for x in list_inputs(count):
            _check(function, x, outcome)
    return outcome


def _check(function: Function, x: Array, outcome: Outcome) -> None:
    wide = x.astype(np.float64)
    got = function.ours(wide).astype(np.float32)
    about = function.quick(wide)
    low, high = ((about * factor).astype(np.float32) for factor in (1 - _MARGIN, 1 + _MARGIN))
    sure = (low == high) | (np.isnan(low) & np.isnan(high))
    same = (got == low) | (np.isnan(got) & np.isnan(low))
    outcome.inputs += x.size
    is_open = ~(sure & same)
    if function.slope is not None:
        is_open &= ~_is_rounded(got, function.slope * wide, wide)
    for index in np.flatnonzero(is_open):
        outcome.decided += 1
        error = measure_ulp(function, float(x[index]), float(got[index]))
        if error > 0.5:
            outcome.wrong += 1
            if error > outcome.ulp:
                outcome.ulp, outcome.worst = error, float(x[index])


def _is_rounded(got: Array, line: Array, x: Array) -> Array:
    """Where a result is subnormal and within half an ulp of the tangent at zero."""
    result: Array = (np.abs(x) < _TINY) & (np.abs(got - line) <= 2.0 ** (_LEAST - 1))
    return result


def measure_ulp(function: Function, x: float, got: float) -> float:
    """Distance of a result from the true value, in units in the last place of the true value."""
    if math.isnan(x) or math.isinf(x):
        return 0.0 if math.isnan(got) else math.inf
    true = function.true(mpmath.mpf(x))
    if not isinstance(true, mpmath.mpf):
        return 0.0 if math.isnan(got) else math.inf
    if math.isnan(got):
        return math.inf
    exponent = int(mpmath.floor(mpmath.log(abs(true), 2))) if true else _LEAST
    unit = mpmath.mpf(2) ** max(exponent - _BITS + 1, _LEAST)
    if math.isinf(got):  # stands for 2^128, where float32 would go on
        got = math.copysign(2.0**128, got)
    return float(abs(mpmath.mpf(got) - true) / unit)
