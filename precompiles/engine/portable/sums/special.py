"""Infinity and NaN in sums of products: what IEEE 754 gives in any order, found by counting.

BLAS may skip a zero that meets an infinity, so such operands never reach it.
"""

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles, Truths


def find_special(rows: Doubles, columns: Doubles) -> Doubles:
    """Infinity or NaN where the product has one, zero where it is finite.

    Shapes: (m, k) and (k, n) to (m, n).
    """
    up, down = rows == np.inf, rows == -np.inf
    plus, minus = columns == np.inf, columns == -np.inf
    high = _meet(up, columns > 0) | _meet(down, columns < 0)
    high |= _meet(rows > 0, plus) | _meet(rows < 0, minus)
    low = _meet(up, columns < 0) | _meet(down, columns > 0)
    low |= _meet(rows < 0, plus) | _meet(rows > 0, minus)
    lost = _meet(up | down, columns == 0) | _meet(rows == 0, plus | minus)
    lost |= (rows != rows).any(axis=1, keepdims=True)
    lost |= (columns != columns).any(axis=0, keepdims=True)
    found = np.where(high, np.inf, np.where(low, -np.inf, 0.0))
    return np.where(lost | (high & low), np.nan, found)


def drop_special(operand: Doubles) -> Doubles:
    """Zero in place of infinity and NaN."""
    return np.where(np.isfinite(operand), operand, 0.0)


def _meet(rows: Truths, columns: Truths) -> Truths:
    """Whether any term of the sum has both properties."""
    if not rows.any() or not columns.any():
        return np.zeros((rows.shape[0], columns.shape[1]), np.bool_)
    counts: Doubles = np.matmul(rows.astype(np.float64), columns.astype(np.float64))
    return counts > 0
