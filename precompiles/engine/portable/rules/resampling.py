"""Resize by weights that follow from sizes alone.

One axis after another in float64, rounded once at the end.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from precompiles.engine.portable.functions.polynomial import Doubles
from precompiles.engine.portable.site import Compute, Operands, Rule, Site, find
from precompiles.engine.reference import resampling
from precompiles.engine.reference.application import Application, normalize_axis, read_axes
from precompiles.models.graph import Array


@dataclass(frozen=True, slots=True)
class Axis:
    """How one axis is resampled."""

    axis: int
    before: int
    after: int
    scale: float
    start: float  # region of interest, as parts of the axis
    end: float


def _resize(site: Site) -> Compute:
    if site.use.read_text("mode", "nearest") == "nearest":
        rule = resampling.RULES["Resize"]
        node, results = site.use.node, site.use.results
        return lambda operands: rule(Application(node, tuple(operands), results))
    outside = site.read_number("extrapolation_value", 0.0)
    dtype = site.dtype

    def compute(operands: Operands) -> Array:
        values = operands[0].astype(np.float64)
        for axis in _read_axes(site, operands):
            if axis.before == axis.after and axis.scale == 1.0 and _is_whole(site, axis):
                continue
            places, weights, beyond = _weigh(site, axis)
            values = _blend(values, axis.axis, places, weights)
            if beyond.any():
                column = (-1, *(1,) * (values.ndim - 1 - axis.axis))
                values = np.where(beyond.reshape(column), outside, values)
        return values.astype(dtype)

    return compute


def _is_whole(site: Site, axis: Axis) -> bool:
    crops = site.use.read_text("coordinate_transformation_mode", "half_pixel")
    return crops != "tf_crop_and_resize" or (axis.start, axis.end) == (0.0, 1.0)


def _read_axes(site: Site, operands: Operands) -> tuple[Axis, ...]:
    shape, out = operands[0].shape, site.use.result.shape
    given = read_axes(site.use, 4) or tuple(range(len(shape)))
    axes = tuple(normalize_axis(axis, len(shape)) for axis in given)
    scales = find(operands, 2)
    region = find(operands, 1)
    found = []
    for at, axis in enumerate(axes):
        scale = out[axis] / shape[axis]
        if scales is not None and scales.size:
            scale = float(scales[at])
        start, end = 0.0, 1.0
        if region is not None and region.size:
            start, end = float(region[at]), float(region[at + len(axes)])
        found.append(Axis(axis, shape[axis], out[axis], scale, start, end))
    if site.use.read_text("keep_aspect_ratio_policy", "stretch") != "stretch":
        common = [out[axis.axis] / axis.before for axis in found]
        wanted = [float(size) / axis.before for size, axis in zip(operands[3], found, strict=True)]
        larger = site.use.read_text("keep_aspect_ratio_policy", "") == "not_smaller"
        scale = (max if larger else min)(wanted) if common else 1.0
        found = [
            Axis(axis.axis, axis.before, axis.after, scale, axis.start, axis.end) for axis in found
        ]
    return tuple(found)


def _weigh(site: Site, axis: Axis) -> tuple[Array, Doubles, Array]:
    """Shapes: places and weights (after, taps); which positions lie outside (after)."""
    mode = site.use.read_text("coordinate_transformation_mode", "half_pixel")
    origin = _COORDINATES[mode](np.arange(axis.after, dtype=np.float64), axis)
    cubic = site.use.read_text("mode", "") == "cubic"
    shrink = min(axis.scale, 1.0) if site.use.read_integer("antialias", 0) else 1.0
    reach = (2.0 if cubic else 1.0) / shrink
    first = np.floor(origin - reach).astype(np.int64) + 1
    taps = int(np.ceil(2 * reach)) + (1 if shrink < 1.0 else 0)
    places = first[:, None] + np.arange(taps)
    distance = np.abs(origin[:, None] - places) * shrink
    curve = site.read_number("cubic_coeff_a", -0.75)
    weights = _bend(distance, curve) if cubic else np.maximum(1.0 - distance, 0.0)
    if site.use.read_integer("exclude_outside", 0):
        weights = np.where((places < 0) | (places >= axis.before), 0.0, weights)
    if shrink < 1.0 or site.use.read_integer("exclude_outside", 0):
        total = weights[:, 0]
        for tap in range(1, taps):
            total = total + weights[:, tap]
        weights = weights / total[:, None]
    beyond = np.zeros(axis.after, np.bool_)
    if mode == "tf_crop_and_resize":
        beyond = (origin < 0) | (origin > axis.before - 1)
    return np.clip(places, 0, axis.before - 1), weights, beyond


def _blend(values: Doubles, axis: int, places: Array, weights: Doubles) -> Doubles:
    column = (-1, *(1,) * (values.ndim - 1 - axis))
    total = np.take(values, places[:, 0], axis) * weights[:, 0].reshape(column)
    for tap in range(1, places.shape[1]):
        total += np.take(values, places[:, tap], axis) * weights[:, tap].reshape(column)
    return total


def _bend(distance: Doubles, a: float) -> Doubles:
    """Keys' cubic convolution."""
    near = ((distance * (a + 2.0)) - (a + 3.0)) * distance * distance + 1.0
    far = (((distance - 5.0) * distance + 8.0) * distance - 4.0) * a
    return np.where(distance <= 1.0, near, np.where(distance < 2.0, far, 0.0))


Coordinate = Callable[[Doubles, Axis], Doubles]


def _half_pixel(at: Doubles, axis: Axis) -> Doubles:
    return (at + 0.5) / axis.scale - 0.5


def _symmetric(at: Doubles, axis: Axis) -> Doubles:
    adjusted = axis.after / (axis.scale * axis.before)
    centre = axis.before / 2.0
    return centre * (1.0 - adjusted) + (at + 0.5) / axis.scale - 0.5


def _pytorch(at: Doubles, axis: Axis) -> Doubles:
    return _half_pixel(at, axis) if axis.after > 1 else np.zeros_like(at)


def _corners(at: Doubles, axis: Axis) -> Doubles:
    if axis.after == 1:
        return np.zeros_like(at)
    length = axis.scale * axis.before
    return at * (axis.before - 1) / (length - 1)


def _crop(at: Doubles, axis: Axis) -> Doubles:
    span = axis.before - 1.0
    if axis.after == 1:
        return 0.5 * (axis.start + axis.end) * span + np.zeros_like(at)
    return axis.start * span + at * ((axis.end - axis.start) * span / (axis.after - 1.0))


_COORDINATES: dict[str, Coordinate] = {
    "align_corners": _corners,
    "asymmetric": lambda at, axis: at / axis.scale,
    "half_pixel": _half_pixel,
    "half_pixel_symmetric": _symmetric,
    "pytorch_half_pixel": _pytorch,
    "tf_crop_and_resize": _crop,
}

RULES: dict[str, Rule] = {"Resize": _resize}
