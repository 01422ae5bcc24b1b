"""Refusals: why a float model has no exact form yet, and what would give it one.

PrecompileError
  CannotQuantize           the model or its data does not allow an exact form
    UnsupportedOperators     operators without an integer form, all of them named
    BadCalibration           the calibration data does not fit the model
"""

from dataclasses import dataclass

from precompiles.errors import PrecompileError


class CannotQuantize(PrecompileError):
    """The model or its data does not allow an exact form."""


class BadCalibration(CannotQuantize):
    """The calibration data does not fit the model."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One operator application without an integer form."""

    operator: str
    node: str
    reason: str  # what is in the way and what would be supported

    def __str__(self) -> str:
        return f"{self.operator} '{self.node}': {self.reason}"


class UnsupportedOperators(CannotQuantize):
    """Operators without an integer form."""

    def __init__(self, obstacles: tuple[Obstacle, ...]) -> None:
        count = len(obstacles)
        lines = "; ".join(map(str, obstacles))
        super().__init__(f"{count} operator{'s' * (count > 1)} without an integer form: {lines}")
        self.obstacles = obstacles


class Unsupported(Exception):
    """Raised by a rule that cannot lower its operation; collected, never seen outside."""
