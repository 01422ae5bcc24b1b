"""Arithmetic: sums, constant factors and products of values, element by element.

Constants change scales and offsets and cost nothing; two values on different scales are added in
the step that rescales the sum.
"""

import numpy as np

from precompiles.models.graph import Node
from precompiles.quantization.grid import FACTOR_BITS, build_factor_grid, build_wide_grid
from precompiles.quantization.linear import Floats, Linear, Term
from precompiles.quantization.lowering import Lowering, Result, read_float
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.value import Constant, Curve, Curved, Sum, Value
from precompiles.tensor import DType

TERMS_MAX = 2  # of one sum: longer chains are put on a grid in between


def lower_add(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Add, Sub, Sum."""
    output = operation.outputs[0]
    total = lowering.operand(operation.inputs[0])
    for name in operation.inputs[1:]:
        other = lowering.operand(name)
        sign = -1.0 if operation.operator == "Sub" else 1.0
        total = add_values(lowering, output, total, other, sign)
    return (total,)


def lower_multiply(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Mul, and Div by a constant or into a constant."""
    output = operation.outputs[0]
    left, right = (lowering.operand(name) for name in operation.inputs)
    if operation.operator == "Div":
        if isinstance(right, Constant):
            return (apply_affine(lowering, output, left, 1 / right.values, np.zeros(())),)
        inverse = right.curve.then(np.reciprocal, straight=False)
        if inverse.root is not left.curve.root and not isinstance(left, Constant):
            raise Unsupported(f"divides by '{right.name}'; supported for a constant divisor")
        right = Curved(lowering.graph, f"{output}/inverse", right.span, inverse)
    for one, other in ((left, right), (right, left)):
        if isinstance(other, Constant):
            return (apply_affine(lowering, output, one, other.values, np.zeros(())),)
    return (_multiply_values(lowering, output, left, right),)


def lower_negate(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Neg."""
    source = lowering.operand(operation.inputs[0])
    return (apply_affine(lowering, operation.outputs[0], source, np.asarray(-1.0), np.zeros(())),)


def lower_batch_normalisation(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """BatchNormalization at inference: a factor and an addend per channel."""
    if any(operation.outputs[1:]):
        raise Unsupported("computes running statistics; export for inference")
    source = lowering.operand(operation.inputs[0])
    gain, bias, mean, variance = (
        lowering.constant(name, "parameter").astype(np.float64) for name in operation.inputs[1:]
    )
    factor = gain / np.sqrt(variance + read_float(operation, "epsilon", 1e-5))
    addend = bias - mean * factor
    wide = (-1,) + (1,) * (len(source.shape) - 2)
    return (
        apply_affine(
            lowering, operation.outputs[0], source, factor.reshape(wide), addend.reshape(wide)
        ),
    )


def add_values(
    lowering: Lowering, output: str, left: Value, right: Value, sign: float = 1.0
) -> Value:
    """left + sign * right; a constant is an addend."""
    if isinstance(right, Constant):
        return apply_affine(lowering, output, left, np.ones(()), sign * right.values)
    if isinstance(left, Constant):
        return apply_affine(lowering, output, right, np.asarray(sign), left.values)
    shape = np.broadcast_shapes(left.shape, right.shape)
    linears = [left.linear(), right.linear()]
    names = {term.name for linear in linears for term in linear.terms}
    if len(names) > TERMS_MAX:
        linears = [
            value.on(build_wide_grid(value.span)).to_linear() if len(linear.terms) > 1 else linear
            for value, linear in zip((left, right), linears, strict=True)
        ]
    total = linears[0].plus(linears[1].scaled(np.asarray(sign), right.shape), shape)
    curve = None
    one, other = left.curve, right.curve
    if one.root is other.root and left.shape == right.shape:
        first, second = one.function, other.function
        curve = Curve(
            one.root,
            lambda values: first(values) + sign * second(values),
            one.straight and other.straight,
        )
    return Sum(lowering.graph, output, lowering.span(output), total, curve)


def apply_affine(
    lowering: Lowering, output: str, source: Value, factor: Floats, addend: Floats
) -> Value:
    """source * factor + addend, both constant."""
    shape = np.broadcast_shapes(source.shape, factor.shape, addend.shape)
    span = lowering.span(output)
    curve = None
    if factor.size == addend.size == 1 and shape == source.shape:
        times, plus = float(factor.item()), float(addend.item())
        curve = source.curve.then(lambda values: values * times + plus, straight=True)
        if not curve.straight:
            return Curved(lowering.graph, output, span, curve)
    linear = source.linear().scaled(factor, shape).shifted(addend, shape)
    return Sum(lowering.graph, output, span, linear, curve)


def _multiply_values(lowering: Lowering, output: str, left: Value, right: Value) -> Value:
    """The product of two computed values: by table if both follow one, else centred and wide."""
    span = lowering.span(output)
    one, other = left.curve, right.curve
    if one.root is other.root and left.shape == right.shape == one.root.shape:
        first, second = one.function, other.function
        curve = Curve(one.root, lambda values: first(values) * second(values), straight=False)
        return Curved(lowering.graph, output, span, curve)
    graph = lowering.graph
    centred = []
    scale = np.ones(())
    for value in (left, right):
        levels = value.on(build_factor_grid(value.span))
        zero = graph.number(levels.grid.zero)
        centred.append(graph.emit("Sub", [levels.name, zero], levels.name))
        scale = scale * levels.grid.scale
    name = graph.emit("Mul", centred, output)
    bound = 1 << (2 * FACTOR_BITS - 2)
    shape = np.broadcast_shapes(left.shape, right.shape)
    term = Term(name, DType.INT64, shape, -bound, bound, scale)
    return Sum(graph, output, span, Linear(shape, (term,), np.zeros(())))
