"""Standings: what others see of a validator."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """A validator as others see it."""

    name: str
    address: bytes
    behavior: str
    height: int  # of the last block it agrees with
    stuck: str  # why it cannot follow, empty if it does
    client: str  # what executes blocks for it
