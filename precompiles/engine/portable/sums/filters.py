"""Filters times unrolled windows: `dot` with the constant operand on the left."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.sums.dot import SAFETY, UNIT, bracket
from precompiles.engine.portable.sums.grain import Grain, find_grain
from precompiles.engine.portable.sums.settling import round_once, settle


@dataclass(frozen=True, slots=True)
class Filters:
    """The left operand of products, and what is needed of it every time."""

    values: Doubles  # (groups, m, k)
    reach: Doubles  # (groups, m, 1): bound of the error of a sum with a column of length 1
    offset: Doubles | None  # (groups, m, 1)
    grain: Grain | None


def prepare_filters(operand: npt.NDArray[Any], offset: npt.NDArray[Any] | None) -> Filters:
    """Shapes: operand (groups, m, k), offset (groups * m)."""
    values = operand.astype(np.float64)
    lengths = np.sqrt(np.einsum("gmk,gmk->gm", values, values))
    factor = (values.shape[-1] + 8) * UNIT * SAFETY
    if offset is not None:
        offset = offset.astype(np.float64).reshape(*lengths.shape, 1)
    flat = values.reshape(-1, values.shape[-1]).T
    finite = bool(np.isfinite(lengths).all())
    finite = finite and (offset is None or bool(np.isfinite(offset).all()))
    grain = find_grain(flat, None if offset is None else offset.reshape(1, -1)) if finite else None
    return Filters(values, (lengths * factor)[..., None], offset, grain)


def multiply_filters(filters: Filters, columns: Doubles, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """filters @ columns + offset, each element rounded once. (groups, k, p) to (groups, m, p)."""
    sums = np.matmul(filters.values, columns)
    lengths = np.sqrt(np.einsum("gkp,gkp->gp", columns, columns))
    slack = filters.reach * lengths[:, None, :]
    offset = filters.offset
    if offset is not None:
        sums += offset
        slack += np.abs(offset) * (2 * UNIT)
    out, doubtful = bracket(sums, slack, dtype)
    if doubtful is None:
        return out
    longest, grain = float(lengths.max(initial=0.0)), filters.grain
    if grain is not None and grain.is_exact(columns, longest):
        sums = np.matmul(filters.values, columns)
        return round_once(sums if offset is None else sums + offset, dtype)
    for group in np.flatnonzero(doubtful.any(axis=(1, 2))):
        added = None
        if offset is not None:
            added = np.broadcast_to(offset[group], out.shape[1:]).T
        rows, right = columns[group].T, filters.values[group].T
        settle(rows, right, added, doubtful[group].T, out[group].T)
    return out
