"""Tensors that depend on shapes and attributes, not on values."""

import numpy as np

from precompiles.engine.reference.application import Application, NoRule, Rule, is_integer
from precompiles.models.graph import Array

_CONSTANTS = ("value", "value_int", "value_ints", "value_float", "value_floats")


def _create_constant(application: Application) -> Array:
    for name in _CONSTANTS:
        value = application.read_array(name)
        if value is not None:
            return value.astype(application.result.dtype)
    raise NoRule(f"Constant with {sorted(application.node.attributes)} has no rule")


def _fill(application: Application) -> Array:
    shape = tuple(int(size) for size in application.first.reshape(-1))
    application.expect(shape)
    value = application.read_array("value")
    fill = np.float32(0) if value is None else value.reshape(-1)[0]
    return np.full(shape, fill, application.result.dtype)


def _measure(application: Application) -> Array:
    shape = application.first.shape
    start, end = application.read_integer("start", 0), application.read_integer("end", len(shape))
    return np.asarray(shape[start:end], np.int64)


def _count(application: Application) -> Array:
    return np.asarray(application.first.size, np.int64)


def _enumerate(application: Application) -> Array:
    start, limit, step = (application.get(index) for index in range(3))
    application.require(is_integer(start), f"of {start.dtype}")  # floats add up step by step
    steps = range(int(start), int(limit), int(step))
    application.expect((len(steps),))
    return np.array(steps, start.dtype)


def _create_eye(application: Application) -> Array:
    rows, columns = application.first.shape
    return np.eye(rows, columns, application.read_integer("k", 0), application.result.dtype)


RULES: dict[str, Rule] = {
    "Constant": _create_constant,
    "ConstantOfShape": _fill,
    "EyeLike": _create_eye,
    "Range": _enumerate,
    "Shape": _measure,
    "Size": _count,
}
