"""Operands on a grid, and cut into slices whose products add up without rounding.

A row of the left operand, or a column of the right one, with largest magnitude below 2^E counts in
multiples of 2^(E - 60): float32 values keep all 24 bits down to 2^-36 of the largest. Where some
are smaller, it is their products that are put on a grid.
Source: error-free transformation of Ozaki, Ogita, Oishi and Rump 2012.
"""

import numpy as np
import numpy.typing as npt

from precompiles.engine.portable.functions.polynomial import Doubles, Truths

Wholes = npt.NDArray[np.int64]
SLICE_BITS, SLICES = 20, 3
MAX_TERMS = 1 << 12  # 2 * 20 bits and 12 for the sum stay below the 53 of float64
_GRID_BITS = SLICE_BITS * SLICES
NARROW = 2.0 ** (_GRID_BITS - 24)  # ratio of values up to which the grid rounds no float32
_LEAST = -500  # exponent of an operand of zeros


def cut(operand: Doubles, axis: int) -> tuple[Doubles, ...]:
    """Three slices, largest first, that add up to the operand on its grid; some may be zero."""
    exponent = _find_exponent(operand, axis)
    rest = _round_to(operand, exponent - _GRID_BITS)
    slices = []
    for index in range(1, SLICES):
        part = _round_to(rest, exponent - SLICE_BITS * index)
        slices.append(part)
        rest = rest - part
    return (*slices, rest)


def cut_terms(terms: Doubles) -> tuple[Doubles, Doubles]:
    """Products (count, k) rounded to 2^(E - 60) of the largest of their sum, below 2^E, in halves.

    Up to 2^22 of either half add up without rounding.
    """
    exponent = _find_exponent(terms, axis=1)
    whole = _round_to(terms, exponent - _GRID_BITS)
    high = _round_to(whole, exponent - _GRID_BITS // 2)
    return high, whole - high


def is_wide(operand: Doubles, axis: int) -> Truths:
    """Rows or columns that the grid would round, as they hold values more than 2^36 apart."""
    sizes = np.abs(operand)
    largest = np.max(sizes, axis=axis, initial=0.0)
    least = np.min(sizes, axis=axis, initial=np.inf, where=sizes > 0)
    found: Truths = largest >= least * NARROW
    return found


def find_units(operand: Doubles, axis: int) -> Doubles:
    """Largest power of two that divides every value of a column; infinity for one of zeros."""
    bits = operand.view(np.int64)
    mantissa = (bits & ((1 << 52) - 1)) | (1 << 52)
    lowest = (mantissa & -mantissa).astype(np.float64)
    scale = (((bits >> 52) & 2047) << 52).view(np.float64)  # of the leading bit
    units = np.where(operand == 0, np.inf, scale * (lowest * 2.0**-52))
    found: Doubles = units.min(axis=axis, initial=np.inf)
    return found


def _find_exponent(operand: Doubles, axis: int) -> Wholes:
    """E with every magnitude below 2^E."""
    largest: Doubles = np.max(np.abs(operand), axis=axis, keepdims=True, initial=0.0)
    exponents: Wholes = np.maximum((largest.view(np.int64) >> 52) - 1022, _LEAST)
    return exponents


def _round_to(operand: Doubles, unit: Wholes) -> Doubles:
    """To the nearest multiple of 2^unit: what is added drowns the bits below, then leaves again."""
    anchor = (((unit + 1023 + 52) << 52) | (1 << 51)).view(np.float64)  # 1.5 * 2^(unit + 52)
    return (operand + anchor) - anchor
