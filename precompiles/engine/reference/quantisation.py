"""Between integers and scaled floats: each element divided or multiplied, then rounded, once.

    quantise      saturate(round_half_even(x / scale) + zero)       float32
    dequantise    float32(x - zero) * scale
    requantise    saturate(round_half_even(float32(sum) * (a * b / y)) + zero)

Source: ONNX operators QuantizeLinear, QLinearMatMul; order of the float steps as the runtime's.
"""

from typing import Any

import numpy as np

from precompiles.engine.reference.application import (
    Application,
    Rule,
    normalize_axis,
    refuse_nan,
)
from precompiles.engine.reference.product import (
    AccumulateMatrices,
    AccumulateWindows,
    accumulate_matrices,
    accumulate_windows,
)
from precompiles.engine.reference.window import read_window
from precompiles.models.graph import Array


def _quantize(application: Application) -> Array:
    array, scale = application.first, application.get(1)
    application.require(array.dtype == np.float32, f"of {array.dtype}")
    refuse_nan(application, array, scale)
    target = application.result.dtype
    zero = application.find(2)
    spread = _spread(application, scale, array.shape)
    offset = None if zero is None else _spread(application, zero, array.shape)
    scaled = array / spread
    refuse_nan(application, scaled)
    return _saturate(scaled, offset, target)


def _dequantize(application: Application) -> Array:
    array, scale, zero = application.first, application.get(1), application.find(2)
    application.require(scale.dtype == np.float32, f"to {scale.dtype}")
    centred = array.astype(np.int32)
    if zero is not None:
        centred = centred - _spread(application, zero, array.shape).astype(np.int32)
    spread = _spread(application, scale, array.shape)
    return np.asarray(centred.astype(np.float32) * spread, np.float32)


def _spread(application: Application, values: Array, shape: tuple[int, ...]) -> Array:
    """Scales or zero points against the tensor: one, or one for each slice of the axis."""
    application.require(not application.read_integer("block_size", 0), "in blocks")
    if values.size == 1 and values.ndim <= 1:
        return values.reshape(())
    axis = normalize_axis(application.read_integer("axis", 1), len(shape))
    return values.reshape((-1,) + (1,) * (len(shape) - 1 - axis))


def _saturate(values: Array, zero: Array | None, target: np.dtype[Any]) -> Array:
    limits = np.iinfo(target)
    offset = np.zeros((), np.int64) if zero is None else zero.astype(np.int64)
    low = (limits.min - offset).astype(np.float32)
    high = (limits.max - offset).astype(np.float32)
    whole = np.rint(np.minimum(np.maximum(values, low), high))
    return np.asarray(whole.astype(np.int64) + offset, target)


def _requantize(sums: Array, scale: Array, zero: Array) -> Array:
    return _saturate(sums.astype(np.float32) * scale, zero.reshape(()), zero.dtype)


def multiply_quantized(
    application: Application, accumulate: AccumulateMatrices = accumulate_matrices
) -> Array:
    """QLinearMatMul."""
    left, left_scale, left_zero, right, right_scale, right_zero, scale, zero = (
        application.get(index) for index in range(8)
    )
    application.require(left_scale.dtype == np.float32, f"with scales of {left_scale.dtype}")
    application.require(left_scale.size == 1, "with a scale per row")
    sums = accumulate(left, right, left_zero.reshape(()), right_zero)
    return _requantize(sums, _squash(left_scale * right_scale / scale), zero)


def _squash(scale: Array) -> Array:
    return scale.reshape(()) if scale.size == 1 else scale


def convolve_quantized(
    application: Application, accumulate: AccumulateWindows = accumulate_windows
) -> Array:
    """QLinearConv."""
    array, array_scale, array_zero, weights, weights_scale, weights_zero, scale, zero = (
        application.get(index) for index in range(8)
    )
    bias = application.find(8)
    window = read_window(application, array.shape[2:], weights.shape[2:])
    groups = application.read_integer("group", 1)
    sums = accumulate(array, weights, window, groups, array_zero, weights_zero)
    column = (-1,) + (1,) * (weights.ndim - 2)
    if bias is not None:
        sums = sums + bias.reshape(column)
    factors = array_scale.reshape(-1) * weights_scale.reshape(-1) / scale.reshape(-1)
    return _requantize(sums, factors.reshape(column), zero)


RULES: dict[str, Rule] = {
    "DequantizeLinear": _dequantize,
    "QLinearConv": convolve_quantized,
    "QLinearMatMul": multiply_quantized,
    "QuantizeLinear": _quantize,
}
