"""Pooling and reductions: maxima commute with grids, sums and averages are integer sums rescaled.

An average over windows is a convolution with ones; a window cut by the border divides by fewer
elements, which is a factor per position.
"""

import math

import numpy as np

from precompiles.models.graph import Node
from precompiles.quantization.grid import BYTE_MAX, build_wide_grid
from precompiles.quantization.linear import Floats, Linear, Term, compress
from precompiles.quantization.lowering import (
    Indices,
    Lowering,
    Result,
    read_axes,
    read_integer,
    read_integers,
    read_text,
)
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.value import Pooled, Sum, Value
from precompiles.tensor import DType

EXACT_SUM_MAX = 1 << 52  # runtimes add int64 up in float64: exact below 2^53


def lower_max_pool(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """MaxPool of bytes."""
    if any(operation.outputs[1:]):
        raise Unsupported("its positions are used; supported if only the maxima are")
    graph, output = lowering.graph, operation.outputs[0]
    source = lowering.operand(operation.inputs[0])
    attributes = dict(operation.attributes)
    return (
        Pooled(
            graph,
            output,
            lowering.shape(output),
            source.span,
            [source],
            lambda names: graph.emit("MaxPool", names, output, **attributes),
            moves=False,
        ),
    )


def lower_extreme(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """ReduceMax, ReduceMin, GlobalMaxPool."""
    graph, output = lowering.graph, operation.outputs[0]
    operator = "ReduceMin" if operation.operator == "ReduceMin" else "ReduceMax"
    source = lowering.operand(operation.inputs[0])
    axes, keep = _read_reduction(lowering, operation, source)
    where = graph.constant(np.asarray(axes, np.int64), "axes")
    return (
        lowering.monotone(
            output,
            [source],
            lambda names: graph.emit(operator, [*names, where], output, keepdims=keep),
            moves=False,
            span=source.span,
        ),
    )


def lower_sum(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """ReduceSum, ReduceMean, GlobalAveragePool."""
    graph, output = lowering.graph, operation.outputs[0]
    source = lowering.operand(operation.inputs[0])
    axes, keep = _read_reduction(lowering, operation, source)
    count = math.prod(source.shape[axis] for axis in axes)
    linear = source.linear()
    if not _is_even(linear, axes) or count * linear.terms[0].bound > EXACT_SUM_MAX:
        linear = source.on(build_wide_grid(source.span)).to_linear()
    term = linear.terms[0]
    if count * term.bound > EXACT_SUM_MAX:
        raise Unsupported(f"adds up {count} elements; supported up to 2^32")
    share = 1.0 if operation.operator == "ReduceSum" else 1 / count
    wide = term.name
    if term.dtype is not DType.INT64:
        wide = graph.cast(term.name, DType.INT64, term.name)
    where = graph.constant(np.asarray(axes, np.int64), "axes")
    name = graph.emit("ReduceSum", [wide, where], output, keepdims=keep)
    shape = lowering.shape(output)

    def reduce(values: Floats, factor: float) -> Floats:
        spread = np.broadcast_to(values, source.shape)
        return compress(spread.mean(axis=axes, keepdims=bool(keep)) * factor)

    total = Term(
        name,
        DType.INT64,
        shape,
        count * min(term.low, 0),
        count * max(term.high, 0),
        reduce(term.scale, share),
    )
    linear = Linear(shape, (total,), reduce(linear.offset, share * count))
    return (Sum(graph, output, lowering.span(output), linear),)


def lower_average_pool(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """AveragePool as a convolution with ones, one group a channel."""
    graph, output = lowering.graph, operation.outputs[0]
    if read_integer(operation, "ceil_mode", 0):
        raise Unsupported("has ceil_mode=1; supported with ceil_mode=0")
    if read_text(operation, "auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise Unsupported("has auto_pad; supported with explicit pads")
    levels = lowering.operand(operation.inputs[0]).bytes()
    channels, *sizes = levels.shape[1:]
    kernel = read_integers(operation, "kernel_shape")
    rank = len(kernel)
    strides = read_integers(operation, "strides") or (1,) * rank
    dilations = read_integers(operation, "dilations") or (1,) * rank
    pads = read_integers(operation, "pads") or (0,) * (2 * rank)
    ones = graph.constant(np.ones((channels, 1, *kernel), np.uint8), "ones")
    zeros = [graph.number(zero, DType.UINT8) for zero in (levels.grid.zero, 0)]
    name = graph.emit(
        "ConvInteger",
        [levels.name, ones, *zeros],
        output,
        group=channels,
        kernel_shape=list(kernel),
        strides=list(strides),
        dilations=list(dilations),
        pads=list(pads),
    )
    counts = np.ones((), np.float64)
    for axis, size in enumerate(sizes):
        lengths = _count_inside(
            size, kernel[axis], strides[axis], dilations[axis], (pads[axis], pads[axis + rank])
        )
        counts = np.multiply.outer(counts, lengths)
    if read_integer(operation, "count_include_pad", 0):
        counts = np.full_like(counts, math.prod(kernel))
    shape = lowering.shape(output)
    scale = compress(levels.grid.scale / counts)
    bound = math.prod(kernel) * BYTE_MAX
    term = Term(name, DType.INT32, shape, -bound, bound, scale)
    linear = Linear(shape, (term,), np.zeros(()))
    return (Sum(graph, output, lowering.span(output), linear),)


def lower_arg_extreme(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """ArgMax, ArgMin: positions, the same in float and in integers."""
    source = lowering.operand(operation.inputs[0])
    levels = source.on(build_wide_grid(source.span))
    name = lowering.graph.emit(
        operation.operator, [levels.name], operation.outputs[0], **operation.attributes
    )
    return (Indices(name),)


def _read_reduction(
    lowering: Lowering, operation: Node, source: Value
) -> tuple[tuple[int, ...], int]:
    """Axes, counted from the front, and whether they stay."""
    rank = len(source.shape)
    if operation.operator.startswith("Global"):
        return tuple(range(2, rank)), 1
    axes = read_axes(lowering, operation)
    if not axes and read_integer(operation, "noop_with_empty_axes", 0):
        raise Unsupported("reduces nothing; leave it out")
    kept = tuple(sorted(axis % rank for axis in axes)) or tuple(range(rank))
    return kept, read_integer(operation, "keepdims", 1)


def _is_even(linear: Linear, axes: tuple[int, ...]) -> bool:
    """One tensor of the full shape whose scale is the same along the axes."""
    if len(linear.terms) != 1 or linear.terms[0].shape != linear.shape:
        return False
    scale = linear.terms[0].scale
    sizes = (1,) * (len(linear.shape) - scale.ndim) + scale.shape
    return all(sizes[axis] == 1 for axis in axes)


def _count_inside(
    size: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int]
) -> Floats:
    """How many elements of each window along one axis are not padding."""
    reach = (kernel - 1) * dilation + 1
    starts = np.arange(0, size + sum(pads) - reach + 1, stride) - pads[0]
    taps = starts[:, None] + np.arange(kernel) * dilation
    return np.asarray(((taps >= 0) & (taps < size)).sum(axis=1), np.float64)
