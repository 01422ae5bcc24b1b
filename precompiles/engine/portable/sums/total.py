"""Sums in float64 by one fixed tree: halves added to each other until one element is left.

The tree follows the number of elements alone. Error below log2(n) 2^-53 of the sum of magnitudes.
"""

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles


def add_up(values: Doubles) -> Doubles:
    """Sum over the last axis. Shapes: (..., n) to (...)."""
    count = values.shape[-1]
    if count == 0:
        return np.zeros(values.shape[:-1])
    while count > 1:
        half = count // 2
        added = values[..., :half] + values[..., half : 2 * half]
        if count % 2:
            added[..., 0] += values[..., -1]
        values, count = added, half
    return values[..., 0]


def count_levels(count: int) -> int:
    """Additions on the longest way through the tree of `count` elements."""
    return 2 * max(count, 1).bit_length()
