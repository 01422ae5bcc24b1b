"""LayerNormalization in integers: deviations, their squares' sum, a square root by Newton's steps.

With n levels q on one scale s, d = q - mean(q) and V = sum(d^2) + eps * n / s^2, a normalised
element is d * sqrt(n) / sqrt(V). V stays below 2^53, up to where runtimes add int64 exactly. Casts
to int32 change nothing: they show admission bounds that follow only from how operands are related.
"""

import math

import numpy as np

from precompiles.models.graph import Node
from precompiles.quantization.arithmetic import apply_affine
from precompiles.quantization.grid import Grid, Span
from precompiles.quantization.integer_graph import IntegerGraph
from precompiles.quantization.linear import Linear, Term
from precompiles.quantization.lowering import Lowering, Result, read_float, read_integer
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.value import Sum
from precompiles.tensor import DType

LEVEL_BITS_MAX = 20  # bits of the levels that are normalised
SQUARES_BITS = 51  # bits of a sum of squares, and of the epsilon beside it
COUNT_MAX = 1 << 16  # elements normalised together
HEADROOM = 2  # times the calibrated magnitude before levels saturate
FRACTION_BITS = 14  # bits of a normalised element behind the point
NEWTON_STEPS = 5  # from within a factor of 2: the error falls below one unit
ROOT_MAX = 1 << 27


def lower_layer_normalisation(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """LayerNormalization over the last axes, then gain and bias."""
    if any(operation.outputs[1:]):
        raise Unsupported("its mean or deviation is used; supported if only the result is")
    graph, output = lowering.graph, operation.outputs[0]
    source = lowering.operand(operation.inputs[0])
    shape = source.shape
    axes = list(range(read_integer(operation, "axis", -1) % len(shape), len(shape)))
    count = math.prod(shape[axis] for axis in axes)
    if count > COUNT_MAX:
        raise Unsupported(f"normalises {count} elements; supported up to {COUNT_MAX}")
    bits = min(LEVEL_BITS_MAX, (SQUARES_BITS - math.ceil(math.log2(count))) // 2)
    grid = _build_grid(source.span, bits)
    level = source.on(grid).name
    where = graph.constant(np.asarray(axes, np.int64), "axes")
    total = graph.emit("ReduceSum", [level, where], f"{output}/total", keepdims=1)
    total = graph.emit("Add", [total, graph.number(count // 2)], f"{output}/total")
    mean = graph.emit("Div", [total, graph.number(count)], f"{output}/mean")
    distance = graph.emit("Sub", [level, mean], f"{output}/distance")
    square = graph.emit("Mul", [distance, distance], f"{output}/square")
    squares = graph.emit("ReduceSum", [square, where], f"{output}/squares", keepdims=1)
    epsilon = read_float(operation, "epsilon", 1e-5) * count / grid.scale**2
    addend = round(min(max(epsilon, 1.0), float(1 << SQUARES_BITS)))
    squares = graph.emit("Add", [squares, graph.number(addend)], f"{output}/squares")
    root = emit_square_root(graph, squares, f"{output}/root")
    normal = _divide(graph, distance, root, count, output)
    limit = _limit(count)
    term = Term(normal, DType.INT64, shape, 0, 2 * limit, np.asarray(2.0**-FRACTION_BITS))
    linear = Linear(shape, (term,), np.asarray(-limit * 2.0**-FRACTION_BITS))
    span = Span(-math.sqrt(count), math.sqrt(count))
    value = Sum(graph, output, span, linear)
    gain = lowering.constant(operation.inputs[1], "gain").astype(np.float64)
    bias = np.zeros(())
    if len(operation.inputs) > 2 and operation.inputs[2]:
        bias = lowering.constant(operation.inputs[2], "bias").astype(np.float64)
    return (apply_affine(lowering, output, value, gain, bias),)


def emit_square_root(graph: IntegerGraph, squares: str, hint: str) -> str:
    """The square root of integers in 1..2^53, to within one unit, in int64.

    Starts at the power of two just above the root, found by comparison with powers of four.
    """
    powers = np.arange(27, dtype=np.int64)
    edges = graph.constant((np.int64(1) << (2 * powers)) - 1, "powers_of_four")
    above = graph.emit("Greater", [squares, edges], hint)
    bits = graph.cast(above, DType.INT64, hint)
    steps = graph.emit("Mul", [bits, graph.constant(np.int64(1) << powers, "powers_of_two")], hint)
    last = graph.constant(np.asarray([-1], np.int64), "last_axis")
    start = graph.emit("ReduceSum", [steps, last], hint, keepdims=1)
    root = graph.emit("Add", [start, graph.number(1)], hint)
    for _ in range(NEWTON_STEPS):
        quotient = graph.emit("Div", [squares, root], hint)
        both = graph.emit("Add", [root, quotient], hint)
        half = graph.emit("Div", [both, graph.number(2)], hint)
        root = _keep(graph, half, 1, ROOT_MAX, hint)
    return root


def _divide(graph: IntegerGraph, distance: str, root: str, count: int, hint: str) -> str:
    """round(distance * sqrt(count) * 2^FRACTION_BITS / root) + limit, kept in 0..2 * limit."""
    gain = graph.number(round(math.sqrt(count) * 2**FRACTION_BITS))
    limit = _limit(count)
    lift = graph.emit("Mul", [root, graph.number(2 * limit + 1)], hint)
    lift = graph.emit("Div", [lift, graph.number(2)], hint)
    raised = graph.emit("Add", [graph.emit("Mul", [distance, gain], hint), lift], hint)
    return _keep(graph, graph.emit("Div", [raised, root], hint), 0, 2 * limit, hint)


def _keep(graph: IntegerGraph, name: str, low: int, high: int, hint: str) -> str:
    """int64 within low..high, of values that fit int32."""
    narrow = graph.cast(name, DType.INT32, hint)
    kept = graph.clamp(narrow, low, high, hint, DType.INT32)
    return graph.cast(kept, DType.INT64, hint)


def _limit(count: int) -> int:
    """Level of the largest normalised element there can be, sqrt(count)."""
    return math.ceil(math.sqrt(count) * (1 << FRACTION_BITS))


def _build_grid(span: Span, bits: int) -> Grid:
    zero = 1 << (bits - 1)
    return Grid(span.magnitude * HEADROOM / zero, zero, 0, 2 * zero, DType.INT64)
