"""Outputs of the state machine: what the algorithm tells its host to do."""

from typing import TypeAlias

from msgspec import Struct

from devnet.consensus.tendermint.state import Step


class Propose(Struct, frozen=True, gc=False):
    """Broadcast a proposal; with NIL the host makes a new value first (getValue of L18)."""

    round: int
    value: bytes
    pol_round: int


class SendPrevote(Struct, frozen=True, gc=False):
    """Broadcast a prevote."""

    round: int
    value: bytes
    pol_round: int


class SendPrecommit(Struct, frozen=True, gc=False):
    """Broadcast a precommit."""

    round: int
    value: bytes


class Schedule(Struct, frozen=True, gc=False):
    """Report `TimedOut` after the time that this step has in this round."""

    step: Step
    height: int
    round: int


class EnterRound(Struct, frozen=True, gc=False):
    """Go on with this round (the host says who proposes)."""

    round: int


class Decide(Struct, frozen=True, gc=False):
    """The height has its value."""

    round: int
    value: bytes


Output: TypeAlias = Propose | SendPrevote | SendPrecommit | Schedule | EnterRound | Decide
