"""Linear combinations of integer tensors: what a value is before it is put on a grid.

real = sum of scale_i * tensor_i, plus offset; scales and offsets are float64 arrays that broadcast
(a scale per output channel, an offset per element). Constant factors and addends, biases and batch
normalisation only change these arrays: they cost no operator.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from precompiles.tensor import DType

Floats: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One integer tensor with its factor."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    low: int  # no element is below
    high: int  # nor above
    scale: Floats

    @property
    def bound(self) -> int:
        return max(abs(self.low), abs(self.high))


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """Terms plus an offset, of one shape after broadcasting."""

    shape: tuple[int, ...]
    terms: tuple[Term, ...]
    offset: Floats

    def scaled(self, factor: Floats, shape: tuple[int, ...]) -> "Linear":
        """Every element times a constant."""
        terms = tuple(
            Term(t.name, t.dtype, t.shape, t.low, t.high, compress(t.scale * factor))
            for t in self.terms
        )
        return Linear(shape, terms, compress(self.offset * factor))

    def shifted(self, addend: Floats, shape: tuple[int, ...]) -> "Linear":
        """Every element plus a constant."""
        return Linear(shape, self.terms, compress(self.offset + addend))

    def plus(self, other: "Linear", shape: tuple[int, ...]) -> "Linear":
        """Element by element, a tensor on both sides counted once."""
        terms = {term.name: term for term in self.terms}
        for term in other.terms:
            same = terms.get(term.name)
            scale = term.scale if same is None else compress(same.scale + term.scale)
            terms[term.name] = Term(term.name, term.dtype, term.shape, term.low, term.high, scale)
        return Linear(shape, tuple(terms.values()), compress(self.offset + other.offset))

    def is_uniform(self) -> bool:
        """One tensor of the full shape, one scale, one offset."""
        return (
            len(self.terms) == 1
            and self.terms[0].shape == self.shape
            and self.terms[0].scale.ndim == 0
            and self.offset.ndim == 0
        )


def compress(values: Floats) -> Floats:
    """The smallest array that broadcasts to the same: equal slices become one."""
    array = np.asarray(values, np.float64)
    for axis in range(array.ndim):
        first = array.take([0], axis=axis) if array.shape[axis] else array
        if array.shape[axis] > 1 and bool((array == first).all()):
            array = first
    while array.ndim and array.shape[0] == 1:
        array = array[0]
    return np.asarray(array, np.float64)
