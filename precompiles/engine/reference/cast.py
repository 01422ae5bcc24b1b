"""Conversion between element types.

| from           | to       | result                                                       |
|----------------|----------|--------------------------------------------------------------|
| integer, bool  | integer  | low bits, two's complement                                   |
| any            | bool     | whether it is not zero                                       |
| float          | integer  | toward zero; refused out of range and for NaN                |
| any            | float    | nearest, ties to even; to float16 by way of float32          |
"""

from typing import Any

import numpy as np

from precompiles.engine.reference.application import Application, Rule, Undefined
from precompiles.models.graph import Array


def convert(array: Array, target: np.dtype[Any]) -> Array:
    """Raises: Undefined for a float that the integer type does not hold."""
    if target.kind == "b":
        return np.asarray(array != 0)
    if target.kind == "f":
        if target.itemsize == 2 and array.dtype.kind != "b":
            array = array.astype(np.float32)  # as the runtime does, so it rounds twice
        return array.astype(target)
    if array.dtype.kind == "f":
        return _truncate(array, target)
    return array.astype(target)


def _truncate(array: Array, target: np.dtype[Any]) -> Array:
    whole = np.trunc(array.astype(np.float64))
    limits = np.iinfo(target)
    # max + 1 is a power of two, so both bounds are exact in float64
    fits = (whole >= float(limits.min)) & (whole < float(limits.max + 1))
    if not bool(fits.all()):
        raise Undefined(f"{array[~fits].flat[0]} cast to {target} differs between hosts")
    return whole.astype(target)


def _cast(application: Application) -> Array:
    return convert(application.first, application.result.dtype)


RULES: dict[str, Rule] = {"Cast": _cast, "CastLike": _cast}
