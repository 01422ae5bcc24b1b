"""Sums of products, correctly rounded: the same bits whatever adds them up, in whatever order.

Products of float32 values are exact in float64, so a BLAS sum of k of them in any order is within
k 2^-53 |row| |column| of the true one (Higham 2002, section 3.1; Cauchy's inequality). If both ends
of that interval round to one number, it is the correctly rounded sum; else `settling` finds it.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from precompiles.engine.portable.functions.polynomial import Doubles, Truths
from precompiles.engine.portable.sums.grain import Grain, find_grain
from precompiles.engine.portable.sums.settling import round_once, settle

UNIT = 2.0**-53
TILE = 1 << 16  # sums held at a time
SAFETY = 1.01  # covers the rounding of the bound itself and the grid of `slices`


@dataclass(frozen=True, slots=True)
class Columns:
    """The right operand of products, and what is needed of it every time."""

    values: Doubles  # (..., k, n)
    reach: Doubles  # (..., 1, n): bound of the error of a sum with a row of length 1
    offset: Doubles | None  # added to every sum; broadcasts to (..., m, n)
    offset_reach: Doubles | None  # bound of the error of adding it
    finite: bool  # no infinity and no NaN among them
    grain: Grain | None = None  # known of what lasts

    @property
    def nbytes(self) -> int:
        held = (self.values, self.reach, self.offset, self.offset_reach)
        return sum(array.nbytes for array in held if array is not None)


def hold_columns(operand: npt.NDArray[Any], offset: npt.NDArray[Any] | None = None) -> Columns:
    """`prepare_columns` for what is used many times, knowing more of one matrix (k, n)."""
    columns = prepare_columns(operand, offset)
    broad = columns.offset is not None and columns.offset.size not in (1, operand.shape[-1])
    if not columns.finite or operand.ndim != 2 or broad:
        return columns
    return replace(columns, grain=find_grain(columns.values, columns.offset))


def prepare_columns(operand: npt.NDArray[Any], offset: npt.NDArray[Any] | None = None) -> Columns:
    """Shapes: operand (..., k, n), float32 or float16 values."""
    values = operand.astype(np.float64)
    lengths = np.sqrt(np.einsum("...kn,...kn->...n", values, values))
    reach = (lengths * ((values.shape[-2] + 8) * UNIT * SAFETY))[..., None, :]
    if offset is None:
        return Columns(values, reach, None, None, bool(np.isfinite(reach).all()))
    offset = offset.astype(np.float64)
    added = np.abs(offset) * (2 * UNIT)
    finite = bool(np.isfinite(reach).all()) and bool(np.isfinite(added).all())
    return Columns(values, reach, offset, added, finite)


def multiply(rows: Doubles, columns: Columns, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """rows @ columns + offset, each element rounded once to `dtype`.

    Shapes: rows (..., m, k) to (..., m, n).
    """
    if rows.ndim == 2:
        if rows.shape[0] == 1:
            return _multiply_row(rows, columns, dtype)
        if rows.shape[0] > max(TILE // max(columns.values.shape[-1], 1), 1):
            return _multiply_tiles(rows, columns, dtype)
    return _multiply_block(rows, columns, dtype)


def _multiply_block(rows: Doubles, columns: Columns, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    sums = np.matmul(rows, columns.values)
    lengths = measure_rows(rows)
    slack = lengths * columns.reach
    if columns.offset is not None and columns.offset_reach is not None:
        sums += columns.offset
        slack = slack + columns.offset_reach
    out, doubtful = bracket(sums, slack, dtype)
    if doubtful is None:
        return out
    if columns.grain is not None and columns.grain.is_exact(rows, float(lengths.max(initial=0.0))):
        exact = np.matmul(rows, columns.values)
        return round_once(exact if columns.offset is None else exact + columns.offset, dtype)
    _settle_all(rows, columns, doubtful, out)
    return out


def _multiply_row(rows: Doubles, columns: Columns, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """One row: the same in as few calls as will do, since they cost more than the work here."""
    sums = np.matmul(rows, columns.values)
    length = float(np.dot(rows[0], rows[0])) ** 0.5
    if columns.grain is not None and columns.grain.is_exact(rows, length):
        if columns.offset is not None:
            sums = sums + columns.offset
        return round_once(sums, dtype)
    slack = length * columns.reach
    if columns.offset is not None and columns.offset_reach is not None:
        sums = sums + columns.offset
        slack = slack + columns.offset_reach
    low = (sums - slack).astype(dtype)
    high: npt.NDArray[Any] = (sums + slack).astype(dtype)
    high += high.dtype.type(0)
    if low.tobytes() != high.tobytes() or not columns.finite or not length < np.inf:
        doubtful = low != high
        if doubtful.any():
            _settle_all(rows, columns, doubtful, high)
    return high


def _multiply_tiles(rows: Doubles, columns: Columns, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """As many rows at a time as leave their sums in cache."""
    count, width = rows.shape[0], columns.values.shape[-1]
    step = max(TILE // width, 1)
    out = np.empty((count, width), dtype)
    offset = columns.offset
    by_row = offset is not None and offset.ndim == 2 and offset.shape[0] > 1
    for start in range(0, count, step):
        part = slice(start, start + step)
        use = _take_rows(columns, part) if by_row else columns
        out[part] = _multiply_block(rows[part], use, dtype)
    return out


def _take_rows(columns: Columns, part: slice) -> Columns:
    """With the offsets of some rows only."""
    assert columns.offset is not None, "there are offsets by row"
    assert columns.offset_reach is not None, "there are offsets by row"
    return replace(columns, offset=columns.offset[part], offset_reach=columns.offset_reach[part])


def measure_rows(rows: Doubles) -> Doubles:
    """Euclidean lengths. Shapes: (..., m, k) to (..., m, 1)."""
    lengths: Doubles = np.sqrt(np.einsum("...mk,...mk->...m", rows, rows))
    return lengths[..., None]


def bracket(
    sums: Doubles, slack: Doubles, dtype: npt.DTypeLike
) -> tuple[npt.NDArray[Any], Truths | None]:
    """Sums rounded to `dtype`, and where the slack leaves the result in doubt, if anywhere."""
    low = (sums - slack).astype(dtype)
    sums += slack
    high: npt.NDArray[Any] = sums.astype(dtype)
    high += high.dtype.type(0)  # a sum that rounds to zero is +0
    doubtful = low != high
    return high, doubtful if doubtful.any() else None


def _settle_all(rows: Doubles, columns: Columns, doubtful: Truths, out: npt.NDArray[Any]) -> None:
    """Each matrix of a stack on its own."""
    lead = out.shape[:-2]
    rows = np.broadcast_to(rows, (*lead, *rows.shape[-2:]))
    values = np.broadcast_to(columns.values, (*lead, *columns.values.shape[-2:]))
    offset = columns.offset
    if offset is not None:
        offset = np.broadcast_to(offset, out.shape)
    for index in np.ndindex(lead):
        if doubtful[index].any():
            added = None if offset is None else offset[index]
            settle(rows[index], values[index], added, doubtful[index], out[index])
