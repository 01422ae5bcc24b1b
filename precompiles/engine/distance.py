"""How far two numbers are apart: integers by value, floats by how many floats lie between."""

import numpy as np

from precompiles.models.graph import Array


def compute_distance(first: np.generic, second: np.generic) -> str:
    """In whole numbers, or units of the last place."""
    if isinstance(first, np.floating):
        return f"{abs(get_order(first) - get_order(second))} ulp"
    return str(abs(int(first) - int(second)))


def get_order(value: np.generic) -> int:
    """Place of a float among all floats of its type, so that neighbours differ by one."""
    flat: Array = np.asarray(value)
    bits = int(flat.view(f"u{flat.itemsize}"))
    sign = 1 << (8 * flat.itemsize - 1)
    return sign - (bits ^ sign) if bits & sign else sign + bits
