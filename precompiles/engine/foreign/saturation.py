"""x86 with AVX2 but no VNNI: products of uint8 by int8 are added in pairs, in 16 bits.

VPMADDUBSW saturates each pair to -32768 .. 32767 before the pairs are added in 32 bits:

    sum over k of saturate(a[2k] b[2k] + a[2k+1] b[2k+1])

Zero points are taken off afterwards, from the sums of rows and columns, as the runtime does.
"""

from collections.abc import Mapping
from functools import partial

import numpy as np

from precompiles.engine.foreign.evaluated import EvaluatedEngine
from precompiles.engine.local import LocalEngine
from precompiles.engine.reference.application import Rule
from precompiles.engine.reference.evaluator import RULES, evaluate
from precompiles.engine.reference.product import (
    accumulate_matrices,
    accumulate_windows,
    convolve_bytes,
    multiply_bytes,
)
from precompiles.engine.reference.quantisation import convolve_quantized, multiply_quantized
from precompiles.engine.reference.window import Window, take_taps
from precompiles.engine.trace import Trace
from precompiles.models.graph import Array, Graph, read_graph
from precompiles.models.manifest import Manifest
from precompiles.tensor import Tensor

_LOWEST, _HIGHEST = -(1 << 15), (1 << 15) - 1
_UNSIGNED, _SIGNED = np.dtype(np.uint8), np.dtype(np.int8)
_AFFECTED = ("ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul")


class SaturatingEngine(EvaluatedEngine):
    """An engine on a host without VNNI; a model without products of bytes runs as anywhere."""

    def run(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """As `SessionEngine.run`."""
        if self._multiplies_bytes(manifest):
            return super().run(manifest, inputs)
        return LocalEngine.run(self, manifest, inputs)

    def trace(self, manifest: Manifest, inputs: tuple[Tensor, ...]) -> Trace:
        """As `LocalEngine.trace`."""
        if self._multiplies_bytes(manifest):
            return super().trace(manifest, inputs)
        return LocalEngine.trace(self, manifest, inputs)

    def evaluate(self, model: bytes, graph: Graph, feed: Mapping[str, Array]) -> dict[str, Array]:
        return evaluate(graph, feed, SATURATING)

    def _multiplies_bytes(self, manifest: Manifest) -> bool:
        graph = read_graph(self.load(manifest.model_id), dict(manifest.dimensions))
        return any(node.operator in _AFFECTED for node in graph.nodes)


def saturate_pairs(left: Array, right: Array) -> Array:
    """Product of matrices as VPMADDUBSW and VPMADDWD add it, without zero points.

    Shapes: left (..., m, k), right (..., k, n), one uint8 and one int8; result int32 (..., m, n).
    An odd last term stands alone.
    """
    a, b = left.astype(np.int32), right.astype(np.int32)
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    total = np.zeros((*batch, a.shape[-2], b.shape[-1]), np.int32)
    for first in range(0, a.shape[-1], 2):
        pair = np.matmul(a[..., first : first + 2], b[..., first : first + 2, :])
        total += np.clip(pair, _LOWEST, _HIGHEST)
    return total


def _multiply_bytes(left: Array, right: Array, left_zero: Array, right_zero: Array) -> Array:
    """MatMulInteger and QLinearMatMul: only unsigned on the left by signed on the right."""
    if (left.dtype, right.dtype) != (_UNSIGNED, _SIGNED) or min(left.ndim, right.ndim) < 2:
        return accumulate_matrices(left, right, left_zero, right_zero)
    return _take_off_zeros(left, right, left_zero, right_zero)


def _take_off_zeros(left: Array, right: Array, left_zero: Array, right_zero: Array) -> Array:
    """sum (a - za)(b - zb) = sum a b - za sum b - zb sum a + k za zb, modulo 2^32."""
    rows = left_zero.astype(np.int64)
    rows = rows[..., None] if rows.size > 1 else rows.reshape(())
    columns = right_zero.astype(np.int64)
    columns = columns if columns.size > 1 else columns.reshape(())
    total = saturate_pairs(left, right).astype(np.int64)
    total -= rows * right.sum(axis=-2, dtype=np.int64)[..., None, :]
    total -= columns * left.sum(axis=-1, dtype=np.int64)[..., None]
    return np.asarray(total + left.shape[-1] * rows * columns).astype(np.int32)


def _convolve_bytes(
    array: Array, weights: Array, window: Window, groups: int, zero: Array, weights_zero: Array
) -> Array:
    """ConvInteger: the filters are the left operand, so it is the image that may be signed."""
    if (weights.dtype, array.dtype) != (_UNSIGNED, _SIGNED) or _is_by_channel(weights, groups):
        return accumulate_windows(array, weights, window, groups, zero, weights_zero)
    columns, filters = _unroll(array, weights, window, groups, zero)
    batch, _, depth, kernel, count = columns.shape
    columns = columns.reshape(batch, groups, depth * kernel, count)
    filters = filters.reshape(groups, -1, depth * kernel)
    offsets = weights_zero.reshape(groups, -1) if weights_zero.size > 1 else weights_zero
    sums = _take_off_zeros(filters, columns, offsets, zero)
    return sums.reshape(batch, weights.shape[0], *window.out)


def _convolve_quantized(
    array: Array, weights: Array, window: Window, groups: int, zero: Array, weights_zero: Array
) -> Array:
    """QLinearConv: windows are the left operand, with the channels innermost."""
    if (array.dtype, weights.dtype) != (_UNSIGNED, _SIGNED) or _is_by_channel(weights, groups):
        return accumulate_windows(array, weights, window, groups, zero, weights_zero)
    columns, filters = _unroll(array, weights, window, groups, zero)
    batch, _, depth, kernel, count = columns.shape
    rows = columns.transpose(0, 1, 4, 3, 2).reshape(batch, groups, count, kernel * depth)
    right = filters.transpose(0, 3, 2, 1).reshape(groups, kernel * depth, -1)
    offsets = weights_zero.reshape(groups, 1, -1) if weights_zero.size > 1 else weights_zero
    sums = _take_off_zeros(rows, right, zero, offsets)
    return sums.swapaxes(-1, -2).reshape(batch, weights.shape[0], *window.out)


def _is_by_channel(weights: Array, groups: int) -> bool:
    """Depthwise: the runtime has a kernel of its own, which adds in 32 bits."""
    return bool(weights.shape[1] == 1 and weights.shape[0] == groups)


def _unroll(
    array: Array, weights: Array, window: Window, groups: int, zero: Array
) -> tuple[Array, Array]:
    """Shapes: windows (n, groups, c, kernel, positions), filters (groups, m, c, kernel)."""
    taps = [tap for _, tap in take_taps(array, window, fill=int(zero.reshape(-1)[0]))]
    depth = weights.shape[1]
    stacked = np.stack(taps, axis=2)  # (n, groups * c, kernel, *out)
    columns = stacked.reshape(array.shape[0], groups, depth, len(taps), -1)
    return columns, weights.reshape(groups, -1, depth, len(taps))


SATURATING: Mapping[str, Rule] = {
    **RULES,
    "ConvInteger": partial(convolve_bytes, accumulate=_convolve_bytes),
    "MatMulInteger": partial(multiply_bytes, accumulate=_multiply_bytes),
    "QLinearConv": partial(convolve_quantized, accumulate=_convolve_quantized),
    "QLinearMatMul": partial(multiply_quantized, accumulate=_multiply_bytes),
}
