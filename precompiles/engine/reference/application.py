"""One operator application as a rule sees it: arrays in, attributes by type, declared results.

A rule is a function of it and nothing else. Faults of the evaluator:

    RuntimeBroken
      NoRule         the operator, or this use of it, has no rule here
      Undefined      the operands have no answer that is the same on every host
        OutOfBounds  an index that the tensor does not have: every runtime refuses it
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto, numpy_helper

from precompiles.errors import RuntimeBroken
from precompiles.models.graph import Array, Node


class NoRule(RuntimeBroken):
    """The operator, or this use of it, has no rule in the reference evaluator."""


class Undefined(RuntimeBroken):
    """The operands have no answer that is the same on every host."""


class OutOfBounds(Undefined):
    """An index names no element; every runtime refuses it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """What the graph declares of one result."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Application:
    """A node with its operands; an absent optional one is None, so is an unused result."""

    node: Node
    operands: tuple[Array | None, ...]
    results: tuple[Slot | None, ...]

    @property
    def first(self) -> Array:
        return self.get(0)

    @property
    def result(self) -> Slot:
        """The first declared result."""
        slot = self.results[0]
        assert slot is not None, f"{self.node.operator} has no first result"
        return slot

    @property
    def present(self) -> tuple[Array, ...]:
        """All operands of a variadic operator."""
        return tuple(array for array in self.operands if array is not None)

    def get(self, index: int) -> Array:
        """Raises: NoRule if the operand is absent."""
        array = self.find(index)
        if array is None:
            raise NoRule(f"{self.node.operator} without operand {index} has no rule")
        return array

    def find(self, index: int) -> Array | None:
        """The operand at `index`, if it is given."""
        return self.operands[index] if index < len(self.operands) else None

    def read_integer(self, name: str, default: int) -> int:
        value = self.find_integer(name)
        return default if value is None else value

    def find_integer(self, name: str) -> int | None:
        value = self.node.attributes.get(name)
        assert value is None or isinstance(value, int), f"attribute '{name}' is no integer"
        return value

    def read_integers(self, name: str) -> tuple[int, ...] | None:
        value = self.node.attributes.get(name)
        if value is None:
            return None
        assert isinstance(value, list | tuple), f"attribute '{name}' is no list of integers"
        return tuple(int(item) for item in value)

    def read_text(self, name: str, default: str) -> str:
        value = self.node.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else str(value)

    def read_array(self, name: str) -> Array | None:
        value = self.node.attributes.get(name)
        if isinstance(value, TensorProto):
            return np.asarray(numpy_helper.to_array(value))
        return None if value is None else np.asarray(value)

    def expect(self, shape: tuple[int, ...]) -> None:
        """Hold a shape that follows from values to the declared one, before it is allocated.

        Raises: Undefined if it is another.
        """
        if shape != self.result.shape:
            declared = list(self.result.shape)
            raise Undefined(f"{self.node.operator} to {list(shape)}, the graph declares {declared}")

    def require(self, holds: bool, use: str) -> None:
        """Raises: NoRule naming the use that the rule does not cover."""
        if not holds:
            raise NoRule(f"{self.node.operator} {use} has no rule in the reference evaluator")


Rule = Callable[[Application], Array | tuple[Array, ...]]


def is_integer(array: Array) -> bool:
    return array.dtype.kind in "iu"


def is_float(array: Array) -> bool:
    return array.dtype.kind == "f"


def refuse_nan(application: Application, *arrays: Array) -> None:
    """Raises: Undefined, since vector units order NaN differently."""
    for array in arrays:
        if is_float(array) and bool(np.isnan(array).any()):
            raise Undefined(f"{application.node.operator} of NaN differs between hosts")


def read_axes(application: Application, index: int) -> tuple[int, ...] | None:
    """Axes as operand `index` or, in older opsets, as an attribute; None if not given."""
    given = application.find(index)
    if given is not None:
        return tuple(int(axis) for axis in given.reshape(-1))
    return application.read_integers("axes")


def normalize_axis(axis: int, rank: int) -> int:
    """Raises: Undefined for an axis that the operand does not have."""
    if not -rank <= axis < max(rank, 1):
        raise Undefined(f"axis {axis} of an operand of rank {rank}")
    return axis + rank if axis < 0 else axis
