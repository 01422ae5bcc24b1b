"""Where an operator stands in a graph, and what a rule makes of it.

A rule is asked once, when the session is built, and gives a function of the operands: what follows
from constants and attributes alone, such as weights in float64, is prepared then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from precompiles.engine.reference.application import Application, Slot
from precompiles.models.graph import Array

Operands = Sequence[Array]  # one that is left out is None: see `find`
Compute = Callable[[Operands], Any]  # gives an array, or a tuple with one for each result


@dataclass(frozen=True, slots=True)
class Site:
    """One node; `use` holds the operands that are constants, None for all others."""

    use: Application
    operands: tuple[Slot | None, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the first result."""
        return self.use.result.dtype

    def get(self, index: int) -> Slot:
        """Declared type and shape of an operand that is given."""
        slot = self.operands[index]
        assert slot is not None, f"{self.use.node.operator} without operand {index}"
        return slot

    def has(self, index: int) -> bool:
        return index < len(self.operands) and self.operands[index] is not None

    def find_constant(self, index: int) -> Array | None:
        return self.use.find(index)

    def read_number(self, name: str, default: float) -> float:
        value = self.use.node.attributes.get(name, default)
        assert isinstance(value, float | int), f"attribute '{name}' is no number"
        return float(value)

    def wants(self, index: int) -> bool:
        """The result is used."""
        results = self.use.results
        return index < len(results) and results[index] is not None


Rule = Callable[[Site], Compute]


def find(operands: Sequence[Array | None], index: int) -> Array | None:
    """An operand that may be left out."""
    return operands[index] if index < len(operands) else None
