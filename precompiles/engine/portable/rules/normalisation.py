"""Normalisations and softmax: means by the fixed tree, everything in float64, rounded once."""

import numpy as np

from precompiles.engine.portable.functions.exponential import compute_exp
from precompiles.engine.portable.functions.logarithm import compute_log
from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.functions.power import compute_pow
from precompiles.engine.portable.rules.reduction import average, gather_last
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.portable.sums.total import add_up
from precompiles.engine.reference.application import normalize_axis
from precompiles.models.graph import Array

_DEVIATION_FLOOR = 1e-9  # of MeanVarianceNormalization


def centre(values: Doubles, epsilon: float) -> tuple[Doubles, Doubles, Doubles]:
    """(values - mean), the mean, and 1 / sqrt(variance + epsilon), over the last axis.

    Shapes: (..., n) to (..., n), (..., 1), (..., 1).
    """
    mean = average(values)[..., None]
    centred = values - mean
    variance = average(centred * centred)[..., None]
    return centred, mean, 1.0 / np.sqrt(variance + epsilon)


def compute_softmax(values: Doubles) -> Doubles:
    """Over the last axis."""
    largest: Doubles = np.max(values, axis=-1, keepdims=True)
    exponentials = compute_exp(values - largest)
    return exponentials / add_up(exponentials)[..., None]


def compute_log_softmax(values: Doubles) -> Doubles:
    largest: Doubles = np.max(values, axis=-1, keepdims=True)
    shifted = values - largest
    return shifted - compute_log(add_up(compute_exp(shifted)))[..., None]


def _build_softmax(log: bool) -> Rule:
    function = compute_log_softmax if log else compute_softmax

    def rule(site: Site) -> Compute:
        dtype = site.dtype
        axis = normalize_axis(site.use.read_integer("axis", -1), max(len(site.get(0).shape), 1))

        def compute(operands: Operands) -> Array:
            values = np.moveaxis(operands[0].astype(np.float64), axis, -1)
            return np.moveaxis(function(values), -1, axis).astype(dtype)

        return compute

    return rule


def _normalize_layer(site: Site) -> Compute:
    shape, dtype = site.get(0).shape, site.dtype
    axis = normalize_axis(site.use.read_integer("axis", -1), len(shape))
    epsilon, lead = site.read_number("epsilon", 1e-5), shape[:axis]
    short = (*lead, *(1,) * (len(shape) - axis))

    def compute(operands: Operands) -> tuple[Array, ...]:
        values = operands[0].astype(np.float64).reshape(*lead, -1)
        centred, mean, inverse = centre(values, epsilon)
        result = (centred * inverse).reshape(shape) * operands[1].astype(np.float64)
        bias = find(operands, 2)
        if bias is not None:
            result = result + bias.astype(np.float64)
        stash = np.float32 if dtype.itemsize < 4 else dtype
        statistics = (part.reshape(short).astype(stash) for part in (mean, inverse))
        return (result.astype(dtype), *statistics)

    return compute


def _normalize_root(site: Site) -> Compute:
    """RMSNormalization."""
    shape, dtype = site.get(0).shape, site.dtype
    axis = normalize_axis(site.use.read_integer("axis", -1), len(shape))
    epsilon = site.read_number("epsilon", 1e-5)

    def compute(operands: Operands) -> Array:
        values = operands[0].astype(np.float64).reshape(*shape[:axis], -1)
        root = np.sqrt(average(values * values) + epsilon)[..., None]
        return ((values / root).reshape(shape) * operands[1].astype(np.float64)).astype(dtype)

    return compute


def _normalize_batch(site: Site) -> Compute:
    epsilon, dtype = site.read_number("epsilon", 1e-5), site.dtype
    column = (-1, *(1,) * (len(site.get(0).shape) - 2))

    def prepare(operands: Operands) -> tuple[Doubles, Doubles, Doubles]:
        scale, bias, mean, variance = (
            operand.astype(np.float64).reshape(column) for operand in operands[1:5]
        )
        return mean, scale / np.sqrt(variance + epsilon), bias

    constants = [value for i in range(1, 5) if (value := site.find_constant(i)) is not None]
    held = prepare([constants[0], *constants]) if len(constants) == 4 else None

    def compute(operands: Operands) -> Array:
        mean, factor, bias = prepare(operands) if held is None else held
        return ((operands[0].astype(np.float64) - mean) * factor + bias).astype(dtype)

    return compute


def _normalize_groups(site: Site) -> Compute:
    """InstanceNormalization, and GroupNormalization with scales of groups or of channels."""
    shape, dtype = site.get(0).shape, site.dtype
    epsilon, channels = site.read_number("epsilon", 1e-5), shape[1]
    groups = site.use.read_integer("num_groups", channels)
    column = (-1, *(1,) * (len(shape) - 2))

    def spread(operand: Array) -> Doubles:
        values = operand.astype(np.float64)
        return np.repeat(values, channels // values.size).reshape(column)

    def compute(operands: Operands) -> Array:
        values = operands[0].astype(np.float64).reshape(shape[0], groups, -1)
        centred, _, inverse = centre(values, epsilon)
        result = (centred * inverse).reshape(shape)
        return (result * spread(operands[1]) + spread(operands[2])).astype(dtype)

    return compute


def _normalize_length(site: Site) -> Compute:
    """LpNormalization; a vector of length zero stays zero."""
    rank, dtype = len(site.get(0).shape), site.dtype
    axis = normalize_axis(site.use.read_integer("axis", -1), rank)
    power = site.use.read_integer("p", 2)

    def compute(operands: Operands) -> Array:
        values = np.moveaxis(operands[0].astype(np.float64), axis, -1)
        if power == 1:
            length = add_up(np.abs(values))
        else:
            length = np.sqrt(add_up(values * values))
        result = values / np.where(length == 0, 1.0, length)[..., None]
        return np.moveaxis(result, -1, axis).astype(dtype)

    return compute


def _normalize_variance(site: Site) -> Compute:
    """MeanVarianceNormalization."""
    shape, dtype = site.get(0).shape, site.dtype
    given = site.use.read_integers("axes") or (0, 2, 3)
    axes = tuple(normalize_axis(axis, len(shape)) for axis in given)
    short = tuple(1 if axis in axes else size for axis, size in enumerate(shape))

    def compute(operands: Operands) -> Array:
        values = gather_last(operands[0], axes)
        mean = average(values)
        centred = values - mean[..., None]
        deviation = np.sqrt(average(centred * centred)) + _DEVIATION_FLOOR
        array = operands[0].astype(np.float64)
        return ((array - mean.reshape(short)) / deviation.reshape(short)).astype(dtype)

    return compute


def _normalize_locally(site: Site) -> Compute:
    """LRN over neighbouring channels."""
    alpha, beta = site.read_number("alpha", 1e-4), site.read_number("beta", 0.75)
    bias, size = site.read_number("bias", 1.0), site.use.read_integer("size", 1)
    channels, dtype = site.get(0).shape[1], site.dtype
    before = (size - 1) // 2

    def compute(operands: Operands) -> Array:
        values = operands[0].astype(np.float64)
        squares = values * values
        total = np.zeros_like(values)
        for offset in range(-before, size - before):
            low, high = max(0, -offset), min(channels, channels - offset)
            if low < high:
                total[:, low:high] += squares[:, low + offset : high + offset]
        scale = compute_pow(total * (alpha / size) + bias, np.asarray(beta))
        return (values / scale).astype(dtype)

    return compute


RULES: dict[str, Rule] = {
    "BatchNormalization": _normalize_batch,
    "GroupNormalization": _normalize_groups,
    "InstanceNormalization": _normalize_groups,
    "LRN": _normalize_locally,
    "LayerNormalization": _normalize_layer,
    "LogSoftmax": _build_softmax(log=True),
    "LpNormalization": _normalize_length,
    "MeanVarianceNormalization": _normalize_variance,
    "RMSNormalization": _normalize_root,
    "Softmax": _build_softmax(log=False),
}
