"""Movement: operators that only move or copy elements, so they commute with every grid."""

import numpy as np

from precompiles.models.graph import Array
from precompiles.quantization.lowering import Lowering, Result, read_integer, read_integers
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.source import Operation
from precompiles.quantization.value import Monotone, Value


def lower_identity(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Identity, Dropout at inference, Cast to a float type: the same value."""
    if any(operation.outputs[1:]):
        raise Unsupported("its mask is used; export for inference")
    if not lowering.is_float(operation.outputs[0]):
        raise Unsupported("rounds to integers; supported between floats")
    return (lowering.operand(operation.inputs[0]),)


def lower_reshape(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Reshape, Flatten, Squeeze, Unsqueeze: all are a Reshape once shapes are static."""
    output = operation.outputs[0]
    shape = np.asarray(lowering.shape(output), np.int64)
    return (_move(lowering, operation, output, "Reshape", [shape]),)


def lower_expand(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Expand."""
    output = operation.outputs[0]
    shape = np.asarray(lowering.shape(output), np.int64)
    return (_move(lowering, operation, output, "Expand", [shape]),)


def lower_tile(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Tile by constant counts."""
    counts = lowering.constant(operation.inputs[1], "repeats")
    return (_move(lowering, operation, operation.outputs[0], "Tile", [counts]),)


def lower_transpose(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Transpose."""
    output = operation.outputs[0]
    order = read_integers(operation, "perm") or tuple(range(len(lowering.shape(output))))[::-1]
    return (_move(lowering, operation, output, "Transpose", [], perm=list(order)),)


def lower_slice(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Slice by constant bounds."""
    bounds = [
        lowering.constant(name, "bound").astype(np.int64) for name in operation.inputs[1:] if name
    ]
    if "" in operation.inputs:
        raise Unsupported("leaves out its axes and gives steps; supported if it gives both")
    return (_move(lowering, operation, operation.outputs[0], "Slice", bounds),)


def lower_split(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
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


def lower_gather(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Gather at constant positions."""
    axis = read_integer(operation, "axis", 0)
    size = lowering.shape(operation.inputs[0])[axis]
    positions = lowering.constant(operation.inputs[1], "indices").astype(np.int64) % size
    return (_move(lowering, operation, operation.outputs[0], "Gather", [positions], axis=axis),)


def lower_concat(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Concat: every source on the result's grid."""
    graph, output = lowering.graph, operation.outputs[0]
    axis = read_integer(operation, "axis", 0)
    sources = [lowering.operand(name) for name in operation.inputs]
    return (
        Monotone(
            graph,
            output,
            lowering.shape(output),
            lowering.span(output),
            sources,
            lambda names: graph.emit("Concat", names, output, axis=axis),
            moves=True,
        ),
    )


def lower_where(lowering: Lowering, operation: Operation) -> tuple[Result, ...]:
    """Where by a constant mask."""
    graph, output = lowering.graph, operation.outputs[0]
    mask = graph.constant(lowering.constant(operation.inputs[0], "condition"), "mask")
    sources = [lowering.operand(name) for name in operation.inputs[1:]]
    return (
        Monotone(
            graph,
            output,
            lowering.shape(output),
            lowering.span(output),
            sources,
            lambda names: graph.emit("Where", [mask, *names], output),
            moves=True,
        ),
    )


def _move(
    lowering: Lowering,
    operation: Operation,
    output: str,
    operator: str,
    constants: list[Array],
    **attributes: object,
) -> Value:
    """One operator on the first operand and constants; the span is the operand's."""
    graph = lowering.graph
    source = lowering.operand(operation.inputs[0])
    names = [graph.constant(value, f"{output}/{operator.lower()}.with") for value in constants]
    return Monotone(
        graph,
        output,
        lowering.shape(output),
        source.span,
        [source],
        lambda moved: graph.emit(operator, [*moved, *names], output, **attributes),
        moves=True,
    )
