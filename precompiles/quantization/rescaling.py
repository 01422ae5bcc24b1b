"""Rescaling: the one way to put a linear combination on a grid, in int64.

    level = clamp((tensor_1 * M_1 + tensor_2 * M_2 + C) / 2^s)

C carries the offset, the grid's zero and the half that rounds. The division truncates; below the
clamp's low end, which is never negative, that is all the same. The clamp comes after the division,
where every value fits 32 bits: on x86, runtimes up to 1.31 compare int64 by signed halves, so that
Clip, Max and Min of larger values pick the wrong one (microsoft/onnxruntime#32475).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from precompiles.quantization.grid import Grid
from precompiles.quantization.integer_graph import IntegerGraph
from precompiles.quantization.linear import Floats, Linear, Term, compress
from precompiles.quantization.refusal import CannotQuantize
from precompiles.tensor import DType

SUM_MAX = 1 << 61  # of the products together, and of C: their sum stays below 2^62
SHIFT_MAX = 60
INT32_BOUND = 1 << 31
PART_MAX = 1 << 28  # levels that one tensor may reach: more is cut off before it is scaled
ORIGIN_MAX = 1 << 30  # levels of the offset: beyond it every level is at an end of the grid


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A tensor in int64, what one of its units is in levels, and the bound it is sized for."""

    name: str
    shape: tuple[int, ...]
    ratio: Floats
    bound: int


def emit_levels(
    graph: IntegerGraph, linear: Linear, grid: Grid, bounds: tuple[int, int], hint: str
) -> str:
    """Name of the levels of `linear` on `grid`, kept within `bounds` (inside the grid's own).

    Raises: CannotQuantize if a scale is so far from the grid's that 64 bits do not hold both.
    """
    low, high = (bound - grid.low for bound in bounds)
    assert 0 <= low <= high < INT32_BOUND // 2, f"levels {low}..{high} of '{hint}'"
    parts = [_prepare(graph, term, term.scale / grid.scale, hint) for term in linear.terms]
    origin = linear.offset / grid.scale + (grid.zero - grid.low)
    origin = np.clip(origin, -ORIGIN_MAX, ORIGIN_MAX)
    unit = 1 << _choose_shift(parts, float(np.abs(origin).max()) + 1, hint)
    total = ""
    for part in parts:
        multiplier = graph.constant(_round(part.ratio * unit), f"{hint}/multiplier")
        product = graph.emit("Mul", [part.name, multiplier], hint)
        total = graph.emit("Add", [total, product], hint) if total else product
    addend = _round(origin * unit) + unit // 2
    if np.broadcast_shapes((), *(part.shape for part in parts)) != linear.shape:
        addend = np.broadcast_to(addend, linear.shape)
    constant = graph.constant(addend, f"{hint}/addend")
    raised = graph.emit("Add", [total, constant], hint) if total else constant
    level = graph.emit("Div", [raised, graph.number(unit)], hint)
    level = graph.clamp(level, low, high, hint)
    if grid.low:
        level = graph.emit("Add", [level, graph.number(grid.low)], hint)
    return level if grid.dtype is DType.INT64 else graph.cast(level, grid.dtype, hint)


def _prepare(graph: IntegerGraph, term: Term, ratio: Floats, hint: str) -> _Part:
    """A term in int64; cut off at PART_MAX levels if it can reach more."""
    name = term.name
    if term.dtype is not DType.INT64:
        name = graph.cast(name, DType.INT64, name)
    sized_for = max(term.bound, INT32_BOUND) if term.dtype is DType.INT32 else term.bound
    size = np.abs(ratio)
    if float(size.max()) * term.bound <= PART_MAX:
        return _Part(name, term.shape, ratio, sized_for)
    if term.bound > INT32_BOUND or float(size.max()) > PART_MAX:
        raise _too_far(hint)
    limit = np.full(size.shape, float(min(term.bound, INT32_BOUND - 1)))
    np.divide(PART_MAX, size, out=limit, where=size * term.bound > PART_MAX)
    limit = compress(np.floor(limit))
    for operator, sign in (("Max", -1), ("Min", 1)):
        end = graph.constant(_round(sign * limit), f"{hint}/reach")
        name = graph.emit(operator, [name, end], term.name)
    return _Part(name, term.shape, ratio, int(limit.max()))


def _choose_shift(parts: Sequence[_Part], addend: float, hint: str) -> int:
    """The most fraction bits for which nothing in the formula can overflow."""
    largest = [float(np.abs(part.ratio).max()) for part in parts]
    total = sum(ratio * part.bound for ratio, part in zip(largest, parts, strict=True))
    shift = min(_fit(total, SUM_MAX), _fit(addend, SUM_MAX))
    if shift < 1:
        raise _too_far(hint)
    return shift


def _too_far(hint: str) -> CannotQuantize:
    return CannotQuantize(
        f"'{hint}' joins values too far apart for 64-bit integers; normalise the layer before it"
    )


def _fit(value: float, limit: int) -> int:
    """Largest s in 0..SHIFT_MAX with value * 2^s below limit."""
    if value <= 0:
        return SHIFT_MAX
    return max(0, min(SHIFT_MAX, int(np.floor(np.log2(limit / value)))))


def _round(values: Floats) -> npt.NDArray[np.int64]:
    return np.rint(values).astype(np.int64)
