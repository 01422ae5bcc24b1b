"""Matrix products and convolutions of integers, exact modulo the width of the result.

float64 adds integers without rounding below 2^53, in any order: so any BLAS gives the same sums.
Operands too wide for that are cut into limbs of 16 bits first.
"""

from collections.abc import Callable

import numpy as np

from precompiles.engine.reference.application import Application, Rule, Undefined, is_integer
from precompiles.engine.reference.window import Window, read_window, take_taps
from precompiles.models.graph import Array

_EXACT = 1 << 53  # float64 holds every integer up to here
_WIDTH, _LIMB_BITS = 64, 16  # bits of a result and of a limb
_CHUNK = 1 << 20  # terms; a chunk of limb products sums to less than 2^53
_ELEMENTS = 1 << 20  # of an operand held as float64 at a time

AccumulateMatrices = Callable[[Array, Array, Array, Array], Array]
AccumulateWindows = Callable[[Array, Array, Window, int, Array, Array], Array]


def multiply(left: Array, right: Array) -> Array:
    """`left @ right` of integers, reduced modulo 2^64.

    Shapes: as numpy.matmul, both at least rank 2; result uint64.
    """
    terms = left.shape[-1]
    if terms * _find_bound(left) * _find_bound(right) < _EXACT:
        product: Array = np.matmul(left.astype(np.float64), right.astype(np.float64))
        return product.astype(np.int64).astype(np.uint64)
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    total: Array = np.zeros((*batch, left.shape[-2], right.shape[-1]), np.uint64)
    for start in range(0, terms, _CHUNK):
        lefts = _split(left[..., start : start + _CHUNK])
        rights = _split(right[..., start : start + _CHUNK, :])
        for i, a in enumerate(lefts):
            for j, b in enumerate(rights):
                shift = _LIMB_BITS * (i + j)
                if shift < _WIDTH:
                    total += np.matmul(a, b).astype(np.uint64) << np.uint64(shift)
    return total


def _find_bound(array: Array) -> int:
    """Largest magnitude, as a Python integer: -2^63 has no int64 magnitude."""
    return max(abs(int(array.max())), abs(int(array.min()))) if array.size else 0


def _split(array: Array) -> tuple[Array, ...]:
    """Limbs of the value modulo 2^64, lowest first, as float64."""
    bits = array.astype(np.uint64)
    mask = np.uint64((1 << _LIMB_BITS) - 1)
    shifts = range(0, _WIDTH, _LIMB_BITS)
    return tuple(((bits >> np.uint64(shift)) & mask).astype(np.float64) for shift in shifts)


def _multiply_matrices(application: Application) -> Array:
    left, right = application.first, application.get(1)
    application.require(is_integer(left), f"of {left.dtype}")
    return _multiply_any_rank(left, right).astype(application.result.dtype)


def _multiply_any_rank(left: Array, right: Array) -> Array:
    rows, columns = left.ndim > 1, right.ndim > 1
    product = multiply(left if rows else left[None, :], right if columns else right[:, None])
    if not columns:
        product = product[..., 0]
    if not rows:
        product = product[..., 0, :] if columns else product[..., 0]
    return product


def accumulate_matrices(left: Array, right: Array, left_zero: Array, right_zero: Array) -> Array:
    """Product of 8-bit matrices less their zero points, wrapped to int32.

    A zero point is one number; on the left it may be one per row, on the right one per column.
    """
    terms = left.shape[-1]
    step = max(_ELEMENTS // max(left.size // max(terms, 1), right.size // max(terms, 1), 1), 1)
    if left_zero.size > 1:
        left_zero = left_zero[..., None]
    total: Array = np.zeros((), np.float64)
    for start in range(0, max(terms, 1), step):
        rows = _centre(left[..., start : start + step], left_zero)
        part = (
            right[start : start + step] if right.ndim == 1 else right[..., start : start + step, :]
        )
        total = total + np.matmul(rows, _centre(part, right_zero))
    return np.asarray(total).astype(np.int64).astype(np.int32)


def _centre(array: Array, zero: Array) -> Array:
    """float64 values less the zero point."""
    centred = array.astype(np.float64)
    return np.asarray(centred - zero.astype(np.float64)) if zero.any() else centred


def multiply_bytes(
    application: Application, accumulate: AccumulateMatrices = accumulate_matrices
) -> Array:
    """MatMulInteger."""
    left_zero, right_zero = (_get_zero(application, index) for index in (2, 3))
    return accumulate(application.first, application.get(1), left_zero, right_zero)


def _get_zero(application: Application, index: int) -> Array:
    zero = application.find(index)
    return np.zeros((), np.int64) if zero is None else zero


def accumulate_windows(
    array: Array, weights: Array, window: Window, groups: int, zero: Array, weights_zero: Array
) -> Array:
    """Convolution of 8-bit tensors less their zero points, wrapped to int32.

    Shapes: array (n, groups * c, *spatial), weights (m, c, *kernel), result (n, m, *out).
    """
    shape = (-1,) + (1,) * (weights.ndim - 1)
    shifted = weights.astype(np.int16) - weights_zero.astype(np.int16).reshape(shape)
    centred = array.astype(np.int16) - zero.astype(np.int16).reshape(())
    batch, maps = array.shape[0], weights.shape[0]
    depth = weights.shape[1]
    total = np.zeros((batch, groups, maps // groups, int(np.prod(window.out))), np.float64)
    by_group = shifted.reshape(groups, maps // groups, depth, *window.kernel).astype(np.float64)
    by_position = np.moveaxis(by_group, (0, 1, 2), (-3, -2, -1))
    for position, tap in take_taps(centred, window, fill=0):
        columns = tap.reshape(batch, groups, depth, -1).astype(np.float64)
        total += np.matmul(by_position[position], columns)
    # 8-bit terms: more than 2^37 of them would be needed to pass 2^53
    return total.astype(np.int64).astype(np.int32).reshape(batch, maps, *window.out)


def convolve_bytes(
    application: Application, accumulate: AccumulateWindows = accumulate_windows
) -> Array:
    """ConvInteger."""
    array, weights = application.first, application.get(1)
    window = read_window(application, array.shape[2:], weights.shape[2:])
    groups = application.read_integer("group", 1)
    zeros = (_get_zero(application, index) for index in (2, 3))
    return accumulate(array, weights, window, groups, *zeros)


def _sum_products(application: Application) -> Array:
    arrays = application.present
    application.require(all(map(is_integer, arrays)), "of floats")
    equation = application.read_text("equation", "").replace(" ", "")
    bound = np.einsum(equation, *(np.abs(array.astype(np.float64)) for array in arrays))
    limit = min(_EXACT, np.iinfo(application.result.dtype).max)
    if bool((np.asarray(bound) > limit).any()):
        raise Undefined(f"Einsum above {limit} wraps in some runtimes and saturates in others")
    return np.asarray(np.einsum(equation, *arrays), application.result.dtype)


RULES: dict[str, Rule] = {
    "ConvInteger": convolve_bytes,
    "Einsum": _sum_products,
    "MatMul": _multiply_matrices,
    "MatMulInteger": multiply_bytes,
}
