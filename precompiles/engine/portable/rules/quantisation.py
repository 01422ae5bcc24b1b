"""Between integers and scaled floats: float32 as the runtime has it, one rounding a step.

quantise    saturate(round_half_even(x / scale) + zero); NaN counts as 0
dequantise  float(x - zero) * scale
"""

from typing import Any

import numpy as np

from precompiles.engine.portable.rules.cast import saturate
from precompiles.engine.portable.rules.choice import from_keys, to_keys
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.reference.application import normalize_axis
from precompiles.models.graph import Array

_LEVELS = np.float32(255)


def _spread(site: Site, values: Array, shape: tuple[int, ...]) -> Array:
    """Scales or zero points against the tensor: one, one for each slice, or one for each block."""
    block = site.use.read_integer("block_size", 0)
    if values.size == 1 and not block:
        return values.reshape(())
    axis = normalize_axis(site.use.read_integer("axis", 1), len(shape))
    if block:
        return np.take(np.repeat(values, block, axis), np.arange(shape[axis]), axis)
    return values.reshape((-1,) + (1,) * (len(shape) - 1 - axis))


def _quantize(site: Site) -> Compute:
    target = site.dtype

    def compute(operands: Operands) -> Array:
        array, scale = operands[0], operands[1]
        whole = np.rint(array.astype(np.float32) / _spread(site, scale, array.shape).astype("f4"))
        zero = find(operands, 2)
        offset = np.zeros((), np.float64)
        if zero is not None:
            offset = _spread(site, zero, array.shape).astype(np.float64)
        return _add_zero(whole, offset, target)

    return compute


def _add_zero(whole: Array, zero: Any, target: np.dtype[Any]) -> Array:
    """The sum in float64: exact, or far outside the type."""
    return saturate(np.where(whole != whole, 0.0, whole.astype(np.float64)) + zero, target)


def _dequantize(site: Site) -> Compute:
    dtype = site.dtype

    def compute(operands: Operands) -> Array:
        array, scale = operands[0], operands[1]
        centred = array.astype(np.float64)
        zero = find(operands, 2)
        if zero is not None:
            centred = centred - _spread(site, zero, array.shape).astype(np.float64)
        factor = _spread(site, scale, array.shape).astype(np.float32)
        return (centred.astype(np.float32) * factor).astype(dtype)

    return compute


def _quantize_by_range(site: Site) -> Compute:
    """DynamicQuantizeLinear."""

    def compute(operands: Operands) -> tuple[Array, Array, Array]:
        array, zero = operands[0], np.zeros(1, np.float32)
        keys = np.concatenate([to_keys(array).reshape(-1), to_keys(zero)])
        low, high = (
            from_keys(np.asarray([pick]), array.dtype)[0] for pick in (keys.min(), keys.max())
        )
        scale = np.float32((high - low) / _LEVELS)
        if scale == 0:
            scale = np.float32(1)
        point = saturate(
            np.rint(np.asarray((np.float32(0) - low) / scale, np.float64)), np.dtype("u1")
        )
        whole = np.rint(array / scale)
        return _add_zero(whole, np.float64(point), np.dtype("u1")), np.asarray(scale), point

    return compute


RULES: dict[str, Rule] = {
    "DequantizeLinear": _dequantize,
    "DynamicQuantizeLinear": _quantize_by_range,
    "QuantizeLinear": _quantize,
}
