"""Steps of a check: what was looked at, how it came out, and the value that was found."""

from dataclasses import dataclass
from enum import Enum


class Mark(Enum):
    """Result of one step."""

    HOLDS = "✓"
    FAILS = "✗"
    UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was checked, and the value that was found."""

    name: str
    mark: Mark
    value: str


def compare(name: str, found: bytes, expected: bytes, source: str) -> Step:
    """Whether a hash is the one that `source` names."""
    text = f"0x{found.hex()}"
    if found == expected:
        return Step(name, Mark.HOLDS, text)
    return Step(name, Mark.FAILS, f"{text}, {source} 0x{expected.hex()}")
