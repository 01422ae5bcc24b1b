"""Movement: operators that only move or copy elements, so they commute with every grid."""

from collections.abc import Sequence

import numpy as np

from precompiles.models.graph import Array, Node
from precompiles.quantization.lowering import Lowering, Result, read_integer, read_integers
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.value import Value
from precompiles.tensor import DType


def lower_identity(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Identity, Dropout at inference, Cast to a float type: the same value."""
    if any(operation.outputs[1:]):
        raise Unsupported("its mask is used; export for inference")
    if not lowering.is_float(operation.outputs[0]):
        raise Unsupported("rounds to integers; supported between floats")
    return (lowering.operand(operation.inputs[0]),)


def lower_reshape(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Reshape, Flatten, Squeeze, Unsqueeze: all are a Reshape once shapes are static."""
    output = operation.outputs[0]
    shape = np.asarray(lowering.shape(output), np.int64)
    return (_move(lowering, operation, output, "Reshape", [shape]),)


def lower_expand(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Expand."""
    output = operation.outputs[0]
    shape = np.asarray(lowering.shape(output), np.int64)
    return (_move(lowering, operation, output, "Expand", [shape]),)


def lower_tile(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Tile by constant counts."""
    counts = lowering.constant(operation.inputs[1], "repeats")
    return (_move(lowering, operation, operation.outputs[0], "Tile", [counts]),)


def lower_transpose(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Transpose."""
    output = operation.outputs[0]
    order = read_integers(operation, "perm") or tuple(range(len(lowering.shape(output))))[::-1]
    return (_move(lowering, operation, output, "Transpose", [], perm=list(order)),)


def lower_slice(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Slice by constant bounds."""
    bounds = [
        lowering.constant(name, "bound").astype(np.int64) for name in operation.inputs[1:] if name
    ]
    if "" in operation.inputs:
        raise Unsupported("leaves out its axes and gives steps; supported if it gives both")
    return (_move(lowering, operation, operation.outputs[0], "Slice", bounds),)


def lower_split(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Split: a Slice for each part."""
    axis = read_integer(operation, "axis", 0)
    parts: list[Result] = []
    start = 0
    for output in operation.outputs:
        stop = start + lowering.shape(output)[axis]
        bounds = [np.asarray([value], np.int64) for value in (start, stop, axis)]
        parts.append(_move(lowering, operation, output, "Slice", bounds))
        start = stop
    return tuple(parts)


def lower_gather(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Gather at constant positions, or of a constant table at positions the caller gives."""
    data, where = operation.inputs
    axis = read_integer(operation, "axis", 0)
    size = lowering.shape(data)[axis]
    if not lowering.is_constant(where):
        index = _emit_index(lowering, where, size)
        return (_move(lowering, operation, operation.outputs[0], "Gather", [index], axis=axis),)
    positions = lowering.constant(where, "indices").astype(np.int64) % size
    return (_move(lowering, operation, operation.outputs[0], "Gather", [positions], axis=axis),)


def lower_concat(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Concat: every source on the result's grid."""
    graph, output = lowering.graph, operation.outputs[0]
    axis = read_integer(operation, "axis", 0)
    sources = [lowering.operand(name) for name in operation.inputs]
    return (
        lowering.monotone(
            output,
            sources,
            lambda names: graph.emit("Concat", names, output, axis=axis),
            moves=True,
        ),
    )


def lower_where(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Where by a constant mask."""
    graph, output = lowering.graph, operation.outputs[0]
    mask = graph.constant(lowering.constant(operation.inputs[0], "condition"), "mask")
    sources = [lowering.operand(name) for name in operation.inputs[1:]]
    return (
        lowering.monotone(
            output, sources, lambda names: graph.emit("Where", [mask, *names], output), moves=True
        ),
    )


def _move(
    lowering: Lowering,
    operation: Node,
    output: str,
    operator: str,
    others: Sequence[Array | str],
    **attributes: object,
) -> Value:
    """One operator on the first operand and constants or names; the span is the operand's."""
    graph = lowering.graph
    source = lowering.operand(operation.inputs[0])
    hint = f"{output}/{operator.lower()}.with"
    names = [other if isinstance(other, str) else graph.constant(other, hint) for other in others]
    return lowering.monotone(
        output,
        [source],
        lambda moved: graph.emit(operator, [*moved, *names], output, **attributes),
        moves=True,
        span=source.span,
    )


def _emit_index(lowering: Lowering, name: str, size: int) -> str:
    """Positions a caller gives, kept inside the axis."""
    graph = lowering.graph
    linear = lowering.operand(name).linear()
    if lowering.is_float(name) or not linear.is_uniform() or float(linear.terms[0].scale) != 1:
        raise Unsupported(f"indices '{name}' are computed; supported if constant or an input")
    index = graph.cast(linear.terms[0].name, DType.INT64, name)
    return graph.clamp(index, 0, size - 1, name)
