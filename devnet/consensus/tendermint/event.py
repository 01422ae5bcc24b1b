"""Events of the state machine: conditions of the algorithm that have become true.

Source: arXiv 1807.04938, the `upon` clauses of algorithm 1.
"""

from typing import TypeAlias

from msgspec import Struct

from devnet.consensus.tendermint.state import Step


class RoundEntered(Struct, frozen=True, gc=False):
    """The height starts (L10), a third of the power is ahead (L55), or a round is over (L65)."""

    round: int
    is_proposer: bool


class Proposed(Struct, frozen=True, gc=False):
    """The proposal of the current round is here, and the polka of its `pol_round` if it has one."""

    value: bytes
    pol_round: int
    is_valid: bool


class PolkaAny(Struct, frozen=True, gc=False):
    """More than two thirds have prevoted in the current round, for whatever."""


class PolkaNil(Struct, frozen=True, gc=False):
    """More than two thirds have prevoted nil in the current round."""


class PolkaValue(Struct, frozen=True, gc=False):
    """More than two thirds have prevoted a valid, proposed value in the current round."""

    value: bytes


class PrecommitAny(Struct, frozen=True, gc=False):
    """More than two thirds have precommitted in the current round, for whatever."""


class PrecommitValue(Struct, frozen=True, gc=False):
    """More than two thirds have precommitted a valid, proposed value in some round."""

    round: int
    value: bytes


class TimedOut(Struct, frozen=True, gc=False):
    """A scheduled timeout is over."""

    step: Step
    height: int
    round: int


Event: TypeAlias = (
    RoundEntered
    | Proposed
    | PolkaAny
    | PolkaNil
    | PolkaValue
    | PrecommitAny
    | PrecommitValue
    | TimedOut
)
