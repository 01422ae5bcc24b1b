"""Conversion between element types where floats are involved.

| from    | to      | result                                              |
|---------|---------|-----------------------------------------------------|
| float   | integer | toward zero; the nearest end out of range; NaN is 0 |
| float   | bool    | whether it is not zero, NaN included                |
| any     | float   | nearest, ties to even                               |
"""

from typing import Any

import numpy as np

from precompiles.engine.portable.site import Compute, Rule, Site
from precompiles.models.graph import Array


def convert(array: Array, target: np.dtype[Any]) -> Array:
    """One rounding, or none."""
    if target.kind == "b":
        return np.asarray(array != 0)
    if target.kind == "f" or array.dtype.kind != "f":
        return array.astype(target)
    return saturate(np.trunc(array.astype(np.float64)), target)


def saturate(whole: Array, target: np.dtype[Any]) -> Array:
    """Whole float64 numbers as integers; beyond the ends, the nearest end; NaN is 0."""
    limits = np.iinfo(target)
    above = whole >= float(limits.max + 1)  # a power of two, so exact
    below = whole < float(limits.min)
    inside = np.where(above | below | (whole != whole), 0.0, whole).astype(target)
    ends = np.where(above, target.type(limits.max), target.type(limits.min))
    return np.where(above | below, ends, inside)


def _cast(site: Site) -> Compute:
    target = site.dtype
    return lambda operands: convert(operands[0], target)


RULES: dict[str, Rule] = {"Cast": _cast, "CastLike": _cast}
