"""Products: Gemm, MatMul and Conv as uint8 by uint8 with zero points, summed in int32.

Weights are symmetric, -127..127 around the zero point 128, one scale per output channel. Unsigned
by signed is never emitted: it saturates on CPUs with AVX2 and no VNNI.
"""

from dataclasses import dataclass

import numpy as np

from precompiles.models.graph import Array, Node
from precompiles.quantization.arithmetic import add_values, apply_affine
from precompiles.quantization.grid import BYTE_MAX
from precompiles.quantization.linear import Floats, Linear, Term, compress
from precompiles.quantization.lowering import Lowering, Result, read_float, read_integer
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.value import Constant, Monotone, Sum, Value
from precompiles.tensor import DType

WEIGHT_MAX = 127
WEIGHT_ZERO = 128
SUM_LIMIT = 1 << 31


@dataclass(frozen=True, slots=True, eq=False)
class Factor:
    """One side of a product: bytes in the graph."""

    name: str
    zero: int
    scale: Floats  # broadcasts to the product
    reach: int  # largest sum of |level - zero| over the elements of one output


def lower_matmul(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """MatMul: with constant weights on either side, or of two computed tensors."""
    for name in operation.inputs:
        if len(lowering.shape(name)) < 2:
            raise Unsupported(f"'{name}' is a vector; supported from rank 2 on")
    left, right = (lowering.operand(name) for name in operation.inputs)
    return (_multiply(lowering, operation.outputs[0], left, right),)


def lower_gemm(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Gemm: alpha * A @ B + beta * C."""
    output = operation.outputs[0]
    left, right = (
        _transpose(lowering, lowering.operand(name), read_integer(operation, flag, 0))
        for name, flag in zip(operation.inputs[:2], ("transA", "transB"), strict=True)
    )
    alpha = np.asarray(read_float(operation, "alpha", 1.0))
    product = apply_affine(
        lowering, output, _multiply(lowering, output, left, right), alpha, np.zeros(())
    )
    if len(operation.inputs) < 3 or not operation.inputs[2]:
        return (product,)
    addend = lowering.operand(operation.inputs[2])
    return (add_values(lowering, output, product, addend, read_float(operation, "beta", 1.0)),)


def lower_conv(lowering: Lowering, operation: Node) -> tuple[Result, ...]:
    """Conv with constant weights: 1-D, 2-D, groups, pads, strides, dilations."""
    graph, output = lowering.graph, operation.outputs[0]
    weights = lowering.constant(operation.inputs[1], "weights")  # (out, in / groups, *kernel)
    levels = lowering.operand(operation.inputs[0]).bytes()
    values, scale, reach = quantise_weights(weights, tuple(range(1, weights.ndim)))
    bound = _check_bound(reach * BYTE_MAX)
    zeros = [graph.number(zero, DType.UINT8) for zero in (levels.grid.zero, WEIGHT_ZERO)]
    name = graph.emit(
        "ConvInteger",
        [levels.name, graph.constant(values, operation.inputs[1]), *zeros],
        output,
        **operation.attributes,
    )
    scale = compress(scale[:, 0] * levels.grid.scale)
    offset = np.zeros(())
    if len(operation.inputs) > 2 and operation.inputs[2]:
        bias = lowering.constant(operation.inputs[2], "bias").astype(np.float64)
        offset = compress(bias.reshape(-1, *(1,) * (weights.ndim - 2)))
    return (_build_sum(lowering, output, name, bound, scale, offset),)


def quantise_weights(weights: Array, shared: tuple[int, ...]) -> tuple[Array, Floats, int]:
    """uint8 weights around WEIGHT_ZERO, their scales, and the largest sum of their magnitudes.

    Shapes: one scale for all elements along the `shared` axes; the scale keeps these as length 1.
    """
    values = np.asarray(weights, np.float64)
    largest = np.abs(values).max(axis=shared, keepdims=True)
    scale = np.where(largest > 0, largest, 1.0) / WEIGHT_MAX
    signed = np.rint(values / scale)
    reach = int(np.abs(signed).sum(axis=shared).max())
    return (signed + WEIGHT_ZERO).astype(np.uint8), scale, reach


def _multiply(lowering: Lowering, output: str, left: Value, right: Value) -> Value:
    """left @ right."""
    one, other = _prepare(lowering, left, -1), _prepare(lowering, right, -2)
    both_computed = not isinstance(left, Constant) and not isinstance(right, Constant)
    reach = left.shape[-1] * BYTE_MAX if both_computed else max(one.reach, other.reach)
    bound = _check_bound(reach * BYTE_MAX)
    zeros = [lowering.graph.number(side.zero, DType.UINT8) for side in (one, other)]
    name = lowering.graph.emit("MatMulInteger", [one.name, other.name, *zeros], output)
    scale = compress(one.scale * other.scale)
    return _build_sum(lowering, output, name, bound, scale, np.zeros(()))


def _prepare(lowering: Lowering, value: Value, summed: int) -> Factor:
    """One side of a matrix product; `summed` is the axis it is summed over."""
    if not isinstance(value, Constant):
        levels = value.bytes()
        return Factor(levels.name, levels.grid.zero, np.asarray(levels.grid.scale), 0)
    weights, scale, reach = quantise_weights(value.values, (summed,))
    return Factor(lowering.graph.constant(weights, value.name), WEIGHT_ZERO, scale, reach)


def _build_sum(
    lowering: Lowering, output: str, name: str, bound: int, scale: Floats, offset: Floats
) -> Value:
    shape = lowering.shape(output)
    term = Term(name, DType.INT32, shape, -bound, bound, scale)
    return Sum(lowering.graph, output, lowering.span(output), Linear(shape, (term,), offset))


def _transpose(lowering: Lowering, value: Value, flag: int) -> Value:
    if not flag:
        return value
    if isinstance(value, Constant):
        return Constant(lowering.graph, value.name, value.values.T)
    graph = lowering.graph
    return Monotone(
        graph,
        value.name,
        value.shape[::-1],
        value.span,
        [value],
        lambda names: graph.emit("Transpose", names, value.name, perm=[1, 0]),
        moves=True,
    )


def _check_bound(bound: int) -> int:
    if bound >= SUM_LIMIT:
        raise Unsupported(
            f"sums reach {bound}, beyond int32; supported below 2^31, so split the layer"
        )
    return bound
