"""Sums of a few arrays rounded once, to odd, so that rounding again to a shorter type is right.

Source: Knuth's two-sum; rounding to odd after Boldo and Melquiond 2008.
"""

from collections.abc import Iterable, Sequence
from math import fsum, nextafter

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles


def add_to_odd(terms: Sequence[Doubles]) -> Doubles:
    """The sum of finite arrays of one shape; inexact results have an odd last bit."""
    parts = list(terms)
    for _ in range(len(parts) + 1):
        if not _distil(parts):
            break
    total, rest = parts[0], np.zeros_like(parts[0])
    for part in parts[1:]:
        rest = np.where(rest == 0, part, rest)
    even = (total.view(np.int64) & 1) == 0
    return np.where(even & (rest != 0), np.nextafter(total, np.copysign(np.inf, rest)), total)


def _distil(parts: list[Doubles]) -> bool:
    """One pass of two-sums from the last part to the first; whether anything changed."""
    changed = False
    for index in range(len(parts) - 1, 0, -1):
        a, b = parts[index - 1], parts[index]
        total = a + b
        shadow = total - a
        error = (a - (total - shadow)) + (b - shadow)
        changed = changed or bool((total != a).any())
        parts[index - 1], parts[index] = total, error
    return changed


def add_numbers_to_odd(terms: Iterable[float]) -> float:
    """The same for the terms of one sum."""
    numbers = list(terms)
    total = fsum(numbers)
    rest = fsum((*numbers, -total))
    if rest and not int(np.float64(total).view(np.int64)) & 1:
        return nextafter(total, float("inf") if rest > 0 else float("-inf"))
    return total
