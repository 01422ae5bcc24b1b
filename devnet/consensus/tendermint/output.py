"""Outputs of the state machine: what the algorithm tells its host to do."""

from typing import NamedTuple, TypeAlias

from devnet.consensus.tendermint.state import Step


class Propose(NamedTuple):
    """Broadcast a proposal; with NIL the host makes a new value first (getValue of L18)."""

    round: int
    value: bytes
    pol_round: int


class SendPrevote(NamedTuple):
    """Broadcast a prevote."""

    round: int
    value: bytes
    pol_round: int


class SendPrecommit(NamedTuple):
    """Broadcast a precommit."""

    round: int
    value: bytes


class Schedule(NamedTuple):
    """Report `TimedOut` after the time that this step has in this round."""

    step: Step
    height: int
    round: int


class EnterRound(NamedTuple):
    """Go on with this round (the host says who proposes)."""

    round: int


class Decide(NamedTuple):
    """The height has its value."""

    round: int
    value: bytes


Output: TypeAlias = Propose | SendPrevote | SendPrecommit | Schedule | EnterRound | Decide
