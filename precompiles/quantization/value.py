"""Values: what each float tensor of the source has become, and how it gets onto a grid.

| value    | on a grid it is                                  | stands for                       |
|----------|--------------------------------------------------|----------------------------------|
| Sum      | its linear combination, rescaled                 | products, sums, inputs           |
| Clamped  | a sum, kept between two levels                   | Relu, Clip                       |
| Monotone | one operator on its sources on that same grid    | movement, Concat, Max, Min       |
| Pooled   | the same for bytes, rescaled from them otherwise | MaxPool                          |
| Curved   | a look-up of 256 entries                         | Sigmoid, Gelu, Exp, x * tanh(x)  |

Nothing is emitted before a consumer asks for a grid, so a consumer's grid, an activation and the
rescaling of the sum before it are one step.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.graph import Array
from precompiles.quantization.grid import (
    BYTE_MAX,
    Grid,
    Span,
    build_byte_grid,
    build_tight_grid,
    build_wide_grid,
)
from precompiles.quantization.integer_graph import IntegerGraph
from precompiles.quantization.linear import Floats, Linear, Term
from precompiles.quantization.rescaling import emit_levels
from precompiles.tensor import DType


@dataclass(frozen=True, slots=True)
class Levels:
    """An integer tensor of the graph on a known grid."""

    name: str
    grid: Grid
    shape: tuple[int, ...]

    def to_linear(self) -> Linear:
        """real = scale * level - scale * zero."""
        grid = self.grid
        scale = np.asarray(grid.scale, np.float64)
        term = Term(self.name, grid.dtype, self.shape, grid.low, grid.high, scale)
        return Linear(self.shape, (term,), np.asarray(-grid.scale * grid.zero))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The value as a function of another one, element by element."""

    root: "Value"
    function: Callable[[Floats], Floats]
    straight: bool  # the function is a * x + b

    def then(self, function: Callable[[Floats], Floats], *, straight: bool) -> "Curve":
        """This curve with another function after it."""
        before = self.function
        return Curve(self.root, lambda values: function(before(values)), self.straight and straight)


class Value(ABC):
    """One float tensor of the source."""

    def __init__(self, graph: IntegerGraph, name: str, shape: tuple[int, ...], span: Span) -> None:
        self.graph = graph
        self.name = name
        self.shape = shape
        self.span = span
        self.curve = Curve(self, lambda values: values, straight=True)
        self._levels: dict[Grid, Levels] = {}

    def on(self, grid: Grid) -> Levels:
        """The value on a grid, emitted once."""
        if grid not in self._levels:
            self._levels[grid] = Levels(self._emit(grid), grid, self.shape)
        return self._levels[grid]

    def bytes(self) -> Levels:
        """uint8 levels with a zero point in 0..255: an operand of an integer product."""
        return self.on(build_byte_grid(self.span))

    def index(self) -> Levels:
        """uint8 levels that index a table; zero need not be one of them."""
        if self.span.low <= 0 <= self.span.high:
            return self.bytes()
        return self.on(build_tight_grid(self.span))

    def linear(self) -> Linear:
        """The value as a linear combination, as precise as it is known."""
        return self.on(build_wide_grid(self.span)).to_linear()

    @abstractmethod
    def _emit(self, grid: Grid) -> str: ...


class Sum(Value):
    """A linear combination; `curve` if it is also a function of some other value."""

    def __init__(
        self, graph: IntegerGraph, name: str, span: Span, linear: Linear, curve: Curve | None = None
    ) -> None:
        super().__init__(graph, name, linear.shape, span)
        self._linear = linear
        self.curve = curve or self.curve

    def linear(self) -> Linear:
        return self._linear

    def bytes(self) -> Levels:
        """A tensor that is uint8 already is taken as it is."""
        return self._read_bytes() or super().bytes()

    def index(self) -> Levels:
        return self._read_bytes() or super().index()

    def _read_bytes(self) -> Levels | None:
        if not self._linear.is_uniform():
            return None
        term = self._linear.terms[0]
        scale = float(term.scale)
        if term.dtype is not DType.UINT8 or scale <= 0:
            return None
        zero = -float(self._linear.offset) / scale
        if not 0 <= zero <= BYTE_MAX or abs(zero - round(zero)) > 1e-6:
            return None
        return Levels(term.name, Grid(scale, round(zero), 0, BYTE_MAX, DType.UINT8), self.shape)

    def _emit(self, grid: Grid) -> str:
        return emit_levels(self.graph, self._linear, grid, (grid.low, grid.high), self.name)


class Clamped(Value):
    """A value kept between two reals."""

    def __init__(
        self, graph: IntegerGraph, name: str, span: Span, source: Value, limits: Span
    ) -> None:
        super().__init__(graph, name, source.shape, span)
        self._source = source
        self._limits = limits

    def _emit(self, grid: Grid) -> str:
        low, high = (
            int(np.clip(np.rint(limit / grid.scale) + grid.zero, grid.low, grid.high))
            for limit in (self._limits.low, self._limits.high)
        )
        return emit_levels(self.graph, self._source.linear(), grid, (low, high), self.name)


class Monotone(Value):
    """An operator that moves, joins or compares elements: it commutes with every grid.

    `moves` says that it compares nothing, so a negative scale does not matter either.
    """

    def __init__(
        self,
        graph: IntegerGraph,
        name: str,
        shape: tuple[int, ...],
        span: Span,
        sources: Sequence[Value],
        apply: Callable[[Sequence[str]], str],
        *,
        moves: bool,
    ) -> None:
        super().__init__(graph, name, shape, span)
        self._sources = tuple(sources)
        self._apply = apply
        self._moves = moves

    def bytes(self) -> Levels:
        """With one source, whatever bytes the source has."""
        if len(self._sources) > 1:
            return super().bytes()
        levels = self._sources[0].bytes()
        return Levels(self._apply([levels.name]), levels.grid, self.shape)

    def index(self) -> Levels:
        return self.bytes() if len(self._sources) == 1 else super().index()

    def linear(self) -> Linear:
        """With one source of one plain tensor, that tensor moved."""
        if self._moves and len(self._sources) == 1:
            linear = self._sources[0].linear()
            if linear.is_uniform():
                term = linear.terms[0]
                moved = self._apply([term.name])
                kept = Term(moved, term.dtype, self.shape, term.low, term.high, term.scale)
                return Linear(self.shape, (kept,), linear.offset)
        return super().linear()

    def _emit(self, grid: Grid) -> str:
        return self._apply([source.on(grid).name for source in self._sources])


class Pooled(Monotone):
    """A maximum over windows, which runtimes have for bytes only."""

    def linear(self) -> Linear:
        return self.bytes().to_linear()

    def _emit(self, grid: Grid) -> str:
        if grid.dtype is DType.UINT8:
            return super()._emit(grid)
        return emit_levels(self.graph, self.linear(), grid, (grid.low, grid.high), self.name)


class Curved(Value):
    """A function of one value by table: 256 levels in, any grid out."""

    def __init__(self, graph: IntegerGraph, name: str, span: Span, curve: Curve) -> None:
        super().__init__(graph, name, curve.root.shape, span)
        self.curve = curve

    def _emit(self, grid: Grid) -> str:
        index = self.curve.root.index()
        levels = np.arange(BYTE_MAX + 1, dtype=np.float64)
        with np.errstate(all="ignore"):
            reals = self.curve.function((levels - index.grid.zero) * index.grid.scale)
            entries = np.rint(np.nan_to_num(reals, nan=0.0) / grid.scale) + grid.zero
        table = np.clip(entries, grid.low, grid.high).astype(NUMPY_DTYPES[grid.dtype])
        wide = self.graph.cast(index.name, DType.INT64, index.name)
        return self.graph.emit(
            "Gather", [self.graph.constant(table, f"{self.name}/table"), wide], self.name
        )


class Constant(Value):
    """A tensor known in advance."""

    def __init__(self, graph: IntegerGraph, name: str, array: Array) -> None:
        values = np.asarray(array, np.float64)
        super().__init__(graph, name, values.shape, Span(float(values.min()), float(values.max())))
        self.values = values

    def linear(self) -> Linear:
        return Linear(self.shape, (), self.values)

    def _emit(self, grid: Grid) -> str:
        levels = np.clip(np.rint(self.values / grid.scale) + grid.zero, grid.low, grid.high)
        return self.graph.constant(levels.astype(NUMPY_DTYPES[grid.dtype]), self.name)
