"""Events of the state machine: conditions of the algorithm that have become true.

Source: arXiv 1807.04938, the `upon` clauses of algorithm 1.
"""

from typing import NamedTuple, TypeAlias

from devnet.consensus.tendermint.state import Step


class RoundEntered(NamedTuple):
    """The height starts (L10), a third of the power is ahead (L55), or a round is over (L65)."""

    round: int
    is_proposer: bool


class Proposed(NamedTuple):
    """The proposal of the current round is here, and the polka of its `pol_round` if it has one."""

    value: bytes
    pol_round: int
    is_valid: bool


class PolkaAny(NamedTuple):
    """More than two thirds have prevoted in the current round, for whatever."""


class PolkaNil(NamedTuple):
    """More than two thirds have prevoted nil in the current round."""


class PolkaValue(NamedTuple):
    """More than two thirds have prevoted a valid, proposed value in the current round."""

    value: bytes


class PrecommitAny(NamedTuple):
    """More than two thirds have precommitted in the current round, for whatever."""


class PrecommitValue(NamedTuple):
    """More than two thirds have precommitted a valid, proposed value in some round."""

    round: int
    value: bytes


class TimedOut(NamedTuple):
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
