"""Grain: sums of coarse operands, such as bytes, which float64 holds without any rounding.

They often lie halfway between two float32 numbers, where an interval decides nothing.
"""

from dataclasses import dataclass
from math import frexp, ldexp

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.sums.slices import find_units

_EXACT_BITS = 51  # of a sum in its units; the 53 of float64 hold it with its offset
_SAMPLE = 1 << 10  # values that are looked at before all are
_ANCHOR = 1.5 * 2.0**52  # units; adding it drops what is finer, subtracting leaves the rest


@dataclass(frozen=True, slots=True)
class Grain:
    """Rows of length below 2^e in units of 2^(e - spare) has exact sums with all columns."""

    spare: int  # bits that the widest column leaves
    least: float  # units above this leave room for the offsets
    most: float  # units up to this divide every offset

    def is_exact(self, rows: Doubles, length: float) -> bool:
        """Every value is a multiple of such a unit, and no row is longer than `length`."""
        if self.spare <= 0 or not length < np.inf:
            return False
        unit = ldexp(1.0, frexp(length)[1] - self.spare)
        if not self.least < unit <= self.most:
            return False
        anchor = unit * _ANCHOR
        if rows.size > _SAMPLE:
            some = rows.reshape(-1)[:: rows.size // _SAMPLE]
            if ((some + anchor) - anchor != some).any():
                return False
        return bool(((rows + anchor) - anchor).tobytes() == rows.tobytes())


def find_grain(columns: Doubles, offset: Doubles | None) -> Grain:
    """Of finite columns (k, n) and an offset that broadcasts to (1, n)."""
    units = find_units(columns, axis=0)
    lengths = np.sqrt(np.einsum("kn,kn->n", columns, columns))
    _, bits = frexp(float(np.max(np.where(units < np.inf, lengths / units, 0.0), initial=0.0)))
    if offset is None:
        return Grain(_EXACT_BITS - bits, 0.0, np.inf)
    unit = np.where(units < np.inf, units, 1.0)
    room = np.max(np.abs(offset) / unit, initial=0.0) * 2.0**-_EXACT_BITS
    own = find_units(np.broadcast_to(offset, (1, unit.size)).copy(), axis=0)
    return Grain(_EXACT_BITS - bits, float(room), float(np.min(own / unit, initial=np.inf)))
