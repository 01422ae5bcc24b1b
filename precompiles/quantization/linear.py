"""Linear combinations of integer tensors, and the one way to put them on a grid.

real = sum of scale_i * tensor_i, plus offset; scales and offsets are float64 arrays that broadcast
(a scale per output channel, an offset per element). Constant factors and addends, biases and batch
normalisation only change these arrays: they cost no operator.

    level = clamp((tensor_1 * M_1 + tensor_2 * M_2 + C) / 2^s),  all in int64

C carries the offset, the grid's zero and the half that rounds. The clamp at the low end comes
before the division, which truncates; so the dividend is never negative.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from precompiles.quantization.grid import Grid
from precompiles.quantization.integer_graph import IntegerGraph
from precompiles.quantization.refusal import CannotQuantize
from precompiles.tensor import DType

Floats: TypeAlias = npt.NDArray[np.float64]

MULTIPLIER_MAX = (1 << 31) - 1
SUM_MAX = 1 << 61  # of the products together, and of C: their sum stays below 2^62
SHIFT_MAX = 60


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
            terms[term.name] = Term(
                term.name, term.dtype, term.shape, term.low, term.high, scale
            )
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


def emit_levels(
    graph: IntegerGraph, linear: Linear, grid: Grid, bounds: tuple[int, int], hint: str
) -> str:
    """Name of the levels of `linear` on `grid`, kept within `bounds` (inside the grid's own).

    Raises: CannotQuantize if a scale is so far from the grid's that 64 bits do not hold both.
    """
    ratios = [term.scale / grid.scale for term in linear.terms]
    origin = linear.offset / grid.scale + (grid.zero - grid.low)
    low, high = (bound - grid.low for bound in bounds)
    shift = _choose_shift(linear.terms, ratios, float(np.abs(origin).max()) + low + 1, hint)
    unit = 1 << shift
    total = ""
    for term, ratio in zip(linear.terms, ratios, strict=True):
        wide = term.name
        if term.dtype is not DType.INT64:
            wide = graph.cast(term.name, DType.INT64, term.name)
        multiplier = graph.constant(_round(ratio * unit), f"{hint}/multiplier")
        product = graph.emit("Mul", [wide, multiplier], hint)
        total = graph.emit("Add", [total, product], hint) if total else product
    addend = _round(origin * unit) + unit // 2
    if not total or np.broadcast_shapes(*(t.shape for t in linear.terms)) != linear.shape:
        addend = np.broadcast_to(addend, linear.shape)
    constant = graph.constant(addend, f"{hint}/addend")
    raised = graph.emit("Add", [total, constant], hint) if total else constant
    kept = graph.emit("Max", [raised, graph.constant(np.int64(low * unit), "floor")], hint)
    level = graph.emit("Div", [kept, graph.constant(np.int64(unit), "divisor")], hint)
    level = graph.emit("Min", [level, graph.constant(np.int64(high), "ceiling")], hint)
    if grid.low:
        level = graph.emit("Add", [level, graph.constant(np.int64(grid.low), "zero")], hint)
    return level if grid.dtype is DType.INT64 else graph.cast(level, grid.dtype, hint)


def _choose_shift(
    terms: Sequence[Term], ratios: Sequence[Floats], addend: float, hint: str
) -> int:
    """The most fraction bits for which nothing in the formula can overflow."""
    largest = [float(np.abs(ratio).max()) for ratio in ratios]
    reach = sum(ratio * term.bound for ratio, term in zip(largest, terms, strict=True))
    shift = min(
        _fit(max(largest, default=0.0), MULTIPLIER_MAX),
        _fit(reach, SUM_MAX),
        _fit(addend, SUM_MAX),
    )
    if shift < 1:
        raise CannotQuantize(
            f"'{hint}' mixes values too far apart for 64-bit integers; scale the layer before it"
        )
    return shift


def _fit(value: float, limit: int) -> int:
    """Largest s in 0..SHIFT_MAX with value * 2^s below limit."""
    if value <= 0:
        return SHIFT_MAX
    return max(0, min(SHIFT_MAX, int(np.floor(np.log2(limit / value)))))


def _round(values: Floats) -> npt.NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
