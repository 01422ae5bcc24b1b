"""Sums of products that float64 leaves in doubt, computed without any rounding but the last.

| doubtful sums | way                                                                   |
|---------------|-----------------------------------------------------------------------|
| few           | their products one by one, added by `math.fsum`                       |
| many          | products of slices in BLAS, each exact, and two-sums of the few parts |
| of operands   | products to 2^-60 of the largest one of the sum, in two halves that   |
| 2^36 apart    | add up exactly: their sum is rounded once                             |

The first two give the same number, the correctly rounded sum; which sums are of the third kind
follows from the operands alone.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from precompiles.engine.portable.functions.polynomial import Doubles, Truths
from precompiles.engine.portable.sums.expansion import add_numbers_to_odd, add_to_odd
from precompiles.engine.portable.sums.slices import (
    MAX_TERMS,
    NARROW,
    SLICES,
    cut,
    cut_terms,
    is_wide,
)
from precompiles.engine.portable.sums.special import drop_special, find_special
from precompiles.engine.portable.sums.total import add_up, count_levels

_EACH, _CUT, _SLICED = 16, 8, 1  # ns/2 of a product: added by itself, cut, multiplied in slices
_HANDFUL = 1 << 11  # products
_TILE = 1 << 17  # sums held at a time on the way of many
_FEW = 1 << 14  # products held at a time, so that they stay in cache
_UNIT = 2.0**-53


def settle(
    rows: Doubles,
    columns: Doubles,
    offset: Doubles | None,
    doubtful: Truths,
    out: npt.NDArray[Any],
) -> None:
    """Write the doubtful sums into `out`, correctly rounded to its type.

    Shapes: rows (m, k), columns (k, n), offset, doubtful and out (m, n).
    """
    finite = bool(np.isfinite(rows).all()) and bool(np.isfinite(columns).all())
    if not finite or (offset is not None and not bool(np.isfinite(offset).all())):
        special = find_special(rows, columns)
        rows, columns = drop_special(rows), drop_special(columns)
        if offset is not None:
            special = special + np.where(np.isfinite(offset), 0.0, offset)
            offset = drop_special(offset)
        found = special != 0
        np.copyto(out, special.astype(out.dtype), where=found)
        doubtful = doubtful & ~found
    at = np.nonzero(doubtful)
    if not at[0].size or _settle_numbers(rows, columns, offset, at, out):
        return
    wide = is_wide(rows, axis=1)[:, None] | is_wide(columns, axis=0)
    if wide.any():
        _settle_wide(rows, columns, offset, np.nonzero(doubtful & wide), out)
        doubtful = doubtful & ~wide
        at = np.nonzero(doubtful)
    lines = np.flatnonzero(doubtful.any(axis=1))
    if _is_few(at[0].size, lines.size, columns.shape[1]):
        added = None if offset is None else offset[at]
        _settle_each(rows[at[0]], columns[:, at[1]].T, added, at, out)
        return
    step = max(_TILE // columns.shape[1], 1)
    slices = cut(columns, axis=0)
    for start in range(0, lines.size, step):
        some = lines[start : start + step]
        exact = _multiply_slices(rows[some], slices, None if offset is None else offset[some])
        fresh = round_once(exact, out.dtype)
        out[some] = np.where(doubtful[some], fresh, out[some])


def _settle_numbers(
    rows: Doubles,
    columns: Doubles,
    offset: Doubles | None,
    at: tuple[npt.NDArray[Any], ...],
    out: npt.NDArray[Any],
) -> bool:
    """A handful of short sums as Python numbers, which cost less than calls; whether it was done.

    Not done where the grid would round an operand.
    """
    if at[0].size * rows.shape[1] > _HANDFUL:
        return False
    for i, j in zip(*(axis.tolist() for axis in at), strict=True):
        left, right = rows[i].tolist(), columns[:, j].tolist()
        if not _is_narrow(left) or not _is_narrow(right):
            return False
        terms = [a * b for a, b in zip(left, right, strict=True)]
        if offset is not None:
            terms.append(float(offset[i, j]))
        out[i, j] = round_once(np.asarray(add_numbers_to_odd(terms)), out.dtype)
    return True


def _is_narrow(values: list[float]) -> bool:
    """The grid rounds none of them: float32 values within 2^36 of the largest."""
    sizes = [abs(value) for value in values if value]
    return not sizes or max(sizes) < min(sizes) * NARROW


def _is_few(doubts: int, lines: int, width: int) -> bool:
    """One by one takes less time than slices of every column and of the lines in doubt."""
    return doubts * _EACH <= (width + lines) * _CUT + lines * width * _SLICED


def round_once(values: Doubles, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """To the shorter type; a sum that rounds to zero is +0."""
    rounded: npt.NDArray[Any] = values.astype(dtype)
    rounded += rounded.dtype.type(0)
    return rounded


def _settle_each(
    left: Doubles,
    right: Doubles,
    offset: Doubles | None,
    at: tuple[npt.NDArray[Any], ...],
    out: npt.NDArray[Any],
) -> None:
    """Shapes: left and right (count, k), offset (count)."""
    terms = left * right
    if offset is not None:
        terms = np.concatenate([terms, offset[:, None]], axis=1)
    slack = add_up(np.abs(terms)) * ((count_levels(terms.shape[1]) + 4) * _UNIT)
    sums = add_up(terms)
    low, high = round_once(sums - slack, out.dtype), round_once(sums + slack, out.dtype)
    for index in np.flatnonzero(low != high):
        exact = np.asarray(add_numbers_to_odd(terms[index].tolist()))
        high[index] = round_once(exact, out.dtype)
    out[at] = high


def _settle_wide(
    rows: Doubles,
    columns: Doubles,
    offset: Doubles | None,
    at: tuple[npt.NDArray[Any], ...],
    out: npt.NDArray[Any],
) -> None:
    """Within k 2^-61 of the largest term of the sum, then rounded once."""
    lines = np.ascontiguousarray(columns.T)
    ones = np.ones(rows.shape[1] + (offset is not None))
    step = max(_FEW // ones.size, 1)
    for start in range(0, at[0].size, step):
        i, j = (axis[start : start + step] for axis in at)
        terms = rows[i] * lines[j]
        if offset is not None:
            terms = np.concatenate([terms, offset[i, j][:, None]], axis=1)
        exact = add_to_odd([half @ ones for half in cut_terms(terms)])
        out[i, j] = round_once(exact, out.dtype)


def _multiply_slices(
    rows: Doubles, columns: tuple[Doubles, ...], offset: Doubles | None
) -> Doubles:
    parts = [] if offset is None else [offset]
    pieces = cut(rows, axis=1)
    for start in range(0, max(rows.shape[1], 1), MAX_TERMS):
        chunk = slice(start, start + MAX_TERMS)
        for level in range(2 * SLICES - 1):
            pairs = [
                (pieces[i][:, chunk], columns[level - i][chunk])
                for i in range(max(level - SLICES + 1, 0), min(level, SLICES - 1) + 1)
            ]
            products = [a @ b for a, b in pairs if a.any() and b.any()]
            if products:
                parts.append(sum(products[1:], start=products[0]))
    if not parts:
        return np.zeros((rows.shape[0], columns[0].shape[1]))
    return add_to_odd(parts)
