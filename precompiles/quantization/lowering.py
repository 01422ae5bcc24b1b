"""Lowering: what rules see of a quantisation in progress.

A rule takes one operation of the source and returns the values of its outputs; it raises
`Unsupported` with what would be supported if it cannot.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from precompiles.models.graph import Array, Node
from precompiles.quantization.grid import Span
from precompiles.quantization.integer_graph import IntegerGraph
from precompiles.quantization.refusal import Unsupported
from precompiles.quantization.source import Source
from precompiles.quantization.value import Constant, Monotone, Value


@dataclass(frozen=True, slots=True)
class Indices:
    """An integer tensor that counts positions, as ArgMax gives; on no grid."""

    name: str


Result: TypeAlias = Value | Indices


class Lowering:
    """The graph being built, the source and what its tensors have become so far."""

    def __init__(self, source: Source, spans: Mapping[str, Span]) -> None:
        ends = (*source.inputs, *source.outputs)
        self.graph = IntegerGraph([tensor.name for tensor in ends])
        self.results: dict[str, Result] = {}
        self._source = source
        self._spans = spans

    def operand(self, name: str) -> Value:
        """The value of an operand.

        Raises: Unsupported for an operand that is no quantity.
        """
        if name in self._source.constants:
            array = self._source.constants[name]
            if not array.size:
                raise Unsupported(f"'{name}' is empty; give it at least one element")
            return Constant(self.graph, name, array)
        result = self.results[name]
        if isinstance(result, Indices):
            raise Unsupported(f"computes with the positions in '{name}'; let them be an output")
        return result

    def constant(self, name: str, what: str) -> Array:
        """An operand that has to be known in advance.

        Raises: Unsupported naming the operand that is not.
        """
        if name not in self._source.constants:
            raise Unsupported(f"{what} '{name}' is computed; supported if it is a constant")
        return self._source.constants[name]

    def is_constant(self, name: str) -> bool:
        """Whether a tensor of the source is known in advance."""
        return name in self._source.constants

    def is_float(self, name: str) -> bool:
        """Whether a tensor of the source holds floats."""
        return self._source.types[name].dtype.is_float

    def shape(self, name: str) -> tuple[int, ...]:
        """Static shape of a tensor of the source."""
        return self._source.types[name].shape

    def span(self, name: str) -> Span:
        """Calibrated span of a tensor of the source."""
        return self._spans[name]

    def monotone(
        self,
        output: str,
        sources: Sequence[Value],
        apply: Callable[[Sequence[str]], str],
        *,
        moves: bool,
        span: Span | None = None,
    ) -> Monotone:
        """What becomes of an output by an operator that commutes with every grid.

        Args:
            apply: emits the operator on the names of the sources.
            moves: whether it compares nothing.
            span: the calibrated one if not given.
        """
        span = self.span(output) if span is None else span
        return Monotone(self.graph, output, self.shape(output), span, sources, apply, moves=moves)


Rule: TypeAlias = Callable[[Lowering, Node], tuple[Result, ...]]


def read_integer(operation: Node, name: str, default: int) -> int:
    """An integer attribute."""
    value = operation.attributes.get(name, default)
    assert isinstance(value, int), f"{operation.operator}.{name} is {value!r}"
    return value


def read_float(operation: Node, name: str, default: float) -> float:
    """A float attribute."""
    value = operation.attributes.get(name, default)
    assert isinstance(value, float | int), f"{operation.operator}.{name} is {value!r}"
    return float(value)


def read_integers(operation: Node, name: str) -> tuple[int, ...]:
    """A list attribute; empty if it is not there."""
    value = operation.attributes.get(name, ())
    assert isinstance(value, list | tuple), f"{operation.operator}.{name} is {value!r}"
    return tuple(value)


def read_text(operation: Node, name: str, default: str) -> str:
    """A text attribute."""
    value = operation.attributes.get(name, default)
    return value.decode() if isinstance(value, bytes) else str(value)


def read_axes(lowering: Lowering, operation: Node) -> tuple[int, ...]:
    """Axes of a reduction, an attribute or the second input after the opset; empty for none."""
    if len(operation.inputs) > 1 and operation.inputs[1]:
        axes = lowering.constant(operation.inputs[1], "axes")
        return tuple(int(axis) for axis in axes)
    return read_integers(operation, "axes")
