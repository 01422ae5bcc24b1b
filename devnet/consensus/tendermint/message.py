"""Messages of the protocol: what validators say to each other about one height.

A value is named by its 32-byte id, NIL for none. Prevotes carry the round whose polka justified
them, which makes amnesia provable (Accountable Tendermint, Malachite's specification).
Source: arXiv 1807.04938, algorithm 1.
"""

from dataclasses import dataclass
from typing import TypeAlias

from devnet.consensus.vote import NIL

NO_ROUND = -1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposer's value for a round; `pol_round` is where the value had its polka, if it had."""

    height: int
    round: int
    value: bytes
    pol_round: int  # NO_ROUND for a new value
    validator: bytes  # address of the proposer
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Prevote:
    """First vote of a round."""

    height: int
    round: int
    value: bytes  # NIL for none
    pol_round: int  # of the proposal it answers, NO_ROUND for NIL
    validator: bytes
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Precommit:
    """Second vote of a round: a quorum of them decides."""

    height: int
    round: int
    value: bytes
    fingerprint: bytes  # of the engine that executed the value
    validator: bytes
    signature: bytes = b""


Ballot: TypeAlias = Prevote | Precommit
Message: TypeAlias = Proposal | Prevote | Precommit


def add_signature(message: Message, signature: bytes) -> Message:
    """The message as its validator signs it."""
    height, round_, value = message.height, message.round, message.value
    validator = message.validator
    if isinstance(message, Prevote):
        return Prevote(height, round_, value, message.pol_round, validator, signature)
    if isinstance(message, Precommit):
        return Precommit(height, round_, value, message.fingerprint, validator, signature)
    return Proposal(height, round_, value, message.pol_round, validator, signature)


def describe(message: Message) -> str:
    """One line for a trace: kind, height/round, value, justification."""
    kind = message.__class__.__name__.lower()
    value = "nil" if message.value == NIL else message.value.hex()[:8]
    pol = "" if isinstance(message, Precommit) else f" pol {message.pol_round}"
    who = message.validator.hex()[:8]
    return f"{kind} {message.height}/{message.round} {value}{pol} by {who}"
