"""Softmax in integers: distances to the row's maximum, exp by two tables, one division.

exp(-d) for d of 16 bits is H[d / 256] * L[d mod 256]: two tables of 256 entries are as fine as one
of 65,536. The divisor is the row's sum plus one unit, so it cannot be zero.
"""

import numpy as np

from precompiles.models.graph import Node
from precompiles.quantization.grid import BYTE_MAX, HEADROOM, Grid, Span
from precompiles.quantization.linear import Linear
from precompiles.quantization.lowering import Lowering, Result, read_integer
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.rescaling import emit_levels
from precompiles.quantization.value import Levels, Value
from precompiles.tensor import DType

DISTANCE_MAX = (1 << 16) - 1  # levels between the maximum and what counts as nothing
REACH = 20.0  # exp(-20) is nothing: 2e-9
HIGH_BITS = 22  # of an entry of H
LOW_BITS = 15  # of an entry of L
COUNT_MAX = 1 << 15  # elements of a row: their sum stays below 2^53, where runtimes add exactly
STEPS_MAX = 1 << 20  # levels to one
LEVEL_MAX = 1 << 28  # levels either side of zero


def lower_softmax(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Softmax along one axis."""
    source = lowering.operand(operation.inputs[0])
    axis = read_integer(operation, "axis", -1) % len(source.shape)
    if source.shape[axis] > COUNT_MAX:
        raise Unsupported(f"shares one among {source.shape[axis]}; supported up to {COUNT_MAX}")
    output = operation.outputs[0]
    return (Shares(source, output, lowering.span(output), axis),)


class Shares(Value):
    """Softmax of a value along one axis: shares of one."""

    def __init__(self, source: Value, name: str, span: Span, axis: int) -> None:
        super().__init__(source.graph, name, source.shape, span)
        self._source = source
        self._axis = axis
        self._parts: tuple[str, str] | None = None

    def bytes(self) -> Levels:
        """As many levels as the largest share needs, a whole number of them to one."""
        steps = max(BYTE_MAX, int(BYTE_MAX / max(self.span.high, 2.0**-9)))
        return self.on(Grid(1 / steps, 0, 0, BYTE_MAX, DType.UINT8))

    def linear(self) -> Linear:
        return self.on(_FINE).to_linear()

    def _emit(self, grid: Grid) -> str:
        """A grid that divides one evenly is met by the division itself, others from a finer one."""
        steps = round(1 / grid.scale)
        if grid.zero or abs(steps * grid.scale - 1) > 1e-9 or steps > STEPS_MAX:
            return emit_levels(
                self.graph, self.linear(), grid, (max(grid.low, 0), grid.high), self.name
            )
        graph, hint = self.graph, self.name
        power, total = self._emit_parts()
        scaled = graph.emit("Mul", [power, graph.number(steps)], hint)
        half = graph.emit("Div", [total, graph.number(2)], hint)
        share = graph.emit("Div", [graph.emit("Add", [scaled, half], hint), total], hint)
        # at most `steps`, as numerator and divisor are related; the cast lets admission see it
        share = graph.cast(share, DType.INT32, hint)
        share = graph.clamp(share, 0, min(steps, grid.high), hint, DType.INT32)
        return share if grid.dtype is DType.INT32 else graph.cast(share, grid.dtype, hint)

    def _emit_parts(self) -> tuple[str, str]:
        """Powers exp(x - max) and their sum along the axis."""
        if self._parts is None:
            graph, hint = self.graph, self.name
            grid = _build_grid(self._source.span)
            level = self._source.on(grid).name
            axis = graph.constant(np.asarray([self._axis], np.int64), "axes")
            largest = graph.emit("ReduceMax", [level, axis], f"{hint}/largest", keepdims=1)
            distance = graph.emit("Sub", [largest, level], f"{hint}/distance")
            # holds already above zero; below, the clamp lets admission see it
            distance = graph.clamp(distance, 0, DISTANCE_MAX, hint)
            byte = graph.number(BYTE_MAX + 1)
            high = graph.emit("Div", [distance, byte], f"{hint}/high")
            low = graph.emit("Sub", [distance, graph.emit("Mul", [high, byte], hint)], hint)
            low = graph.clamp(low, 0, BYTE_MAX, hint)
            steps = np.arange(BYTE_MAX + 1) * grid.scale
            power = graph.emit(
                "Mul",
                [
                    self._look_up(high, np.exp(-steps * (BYTE_MAX + 1)) * (1 << HIGH_BITS)),
                    self._look_up(low, np.exp(-steps) * (1 << LOW_BITS)),
                ],
                f"{hint}/power",
            )
            total = graph.emit("ReduceSum", [power, axis], f"{hint}/total", keepdims=1)
            total = graph.emit("Add", [total, graph.number(1)], f"{hint}/total")
            self._parts = (power, total)
        return self._parts

    def _look_up(self, index: str, entries: np.ndarray) -> str:
        table = self.graph.constant(np.rint(entries).astype(np.int64), f"{self.name}/table")
        return self.graph.emit("Gather", [table, index], self.name)


_FINE = Grid(2.0**-17, 0, 0, 1 << 17, DType.INT64)


def _build_grid(span: Span) -> Grid:
    """Steps of exp's argument, all of the span inside with headroom."""
    reach = min(REACH, 2 * HEADROOM * span.magnitude)
    scale = reach / DISTANCE_MAX
    zero = min(int(np.ceil(HEADROOM * span.magnitude / scale)), LEVEL_MAX)
    return Grid(scale, zero, 0, 2 * zero, DType.INT64)
