"""Element: where two tensors part first, and by how much."""

from dataclasses import dataclass

import numpy as np

from precompiles.engine.canonical import to_array
from precompiles.engine.distance import compute_distance
from precompiles.tensor import Tensor


@dataclass(frozen=True, slots=True)
class Parting:
    """The first element that differs."""

    index: tuple[int, ...]
    expected: str
    got: str
    distance: str  # in units of the last place for floats


def find_parting(expected: Tensor, got: Tensor) -> Parting | None:
    """Nothing for equal tensors, and for those of another type or shape."""
    kinds = [(tensor.dtype, tensor.shape, len(tensor.data)) for tensor in (expected, got)]
    if kinds[0] != kinds[1] or expected.data == got.data:
        return None
    pairs = zip(expected.data, got.data, strict=True)
    octet = next(i for i, (ours, theirs) in enumerate(pairs) if ours != theirs)
    flat = octet // expected.dtype.size_bytes
    index = tuple(int(axis) for axis in np.unravel_index(flat, expected.shape))
    first, second = to_array(expected)[index], to_array(got)[index]
    return Parting(index, str(first), str(second), compute_distance(first, second))
