"""Operands: one operator application as a fitting rule sees it, and what a rule may say.

ONNX's shape inference lets operands through that the runtime then refuses, call by call. A rule
asks of them what the runtime will ask.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from precompiles.models.reading.constant import Array
from precompiles.tensor import DType

Shape = tuple[int, ...]


class Misfit(Exception):
    """Operands that the runtime would refuse."""


@dataclass(frozen=True, slots=True)
class Operands:
    """Shapes, types and known values, in the operator's order; None is an operand left out."""

    operator: str
    opset: int
    shapes: Sequence[Shape | None]
    dtypes: Sequence[DType | None]
    values: Sequence[Array | None]
    wanted: Sequence[bool]  # which results are used
    results: Sequence[Shape | None]  # empty until they are inferred
    attributes: Mapping[str, Any]

    def has(self, index: int) -> bool:
        return index < len(self.shapes) and self.shapes[index] is not None

    def shape(self, index: int) -> Shape:
        """Shape of an operand that is given."""
        found = self.shapes[index]
        assert found is not None, f"operand {index} of {self.operator} is required"
        return found

    def rank(self, index: int = 0) -> int:
        return len(self.shape(index))

    def value(self, index: int) -> Array | None:
        return self.values[index] if index < len(self.values) else None

    def numbers(self, index: int) -> tuple[int, ...]:
        """Known integers of an operand, empty if it is left out."""
        value = self.value(index)
        return () if value is None else tuple(int(number) for number in value.reshape(-1))

    def integer(self, name: str, default: int = 0) -> int:
        return int(self.attributes.get(name, default))

    def integers(self, name: str) -> tuple[int, ...]:
        return tuple(self.attributes.get(name, ()))

    def text(self, name: str, default: str = "") -> str:
        value = self.attributes.get(name)
        return default if value is None else value.decode()

    def axis(self, default: int, name: str = "axis", operand: int = 0) -> int:
        """The attribute as an axis of an operand, counted from the front."""
        return normalize(self.integer(name, default), self.rank(operand), name)


Fit = Callable[[Operands], None]


def require(holds: bool, what: str) -> None:
    """Raises: Misfit saying what does not hold."""
    if not holds:
        raise Misfit(what)


def normalize(axis: int, rank: int, name: str = "axis") -> int:
    """Raises: Misfit for an axis that the operand does not have."""
    require(-rank <= axis < rank, f"{name} {axis} of an operand of rank {rank}")
    return axis % rank


def require_shape(operands: Operands, index: int, *expected: int) -> None:
    """The operand is left out or has this shape."""
    if operands.has(index):
        found = operands.shape(index)
        require(found == expected, f"operand {index} has shape {list(found)}, not {list(expected)}")


def require_scalar(operands: Operands, *indices: int) -> None:
    """Each operand is left out or holds one element, of rank 0 or 1."""
    for index in indices:
        if operands.has(index):
            found = operands.shape(index)
            require(found in ((), (1,)), f"operand {index} has shape {list(found)}, not a scalar")


def require_broadcast(found: Shape, onto: Shape, what: str) -> None:
    """The shape stretches to another without changing it."""
    padded = (1,) * (len(onto) - len(found)) + found
    fits = len(padded) == len(onto) and all(
        size in (1, whole) for size, whole in zip(padded, onto, strict=True)
    )
    require(fits, f"{what} of shape {list(found)} does not stretch to {list(onto)}")


def count(shape: Shape) -> int:
    return math.prod(shape)
