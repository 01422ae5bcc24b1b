"""Messages of the protocol: what validators say to each other about one height.

A value is named by its 32-byte id, NIL for none. Prevotes carry the round whose polka justified
them, which makes amnesia provable (Accountable Tendermint, Malachite's specification).
Source: arXiv 1807.04938, algorithm 1.
"""

from typing import TypeAlias

from msgspec import Struct

from devnet.consensus.vote import NIL

NO_ROUND = -1


class Proposal(Struct, frozen=True, gc=False):
    """A proposer's value for a round; `pol_round` is where the value had its polka, if it had."""

    height: int
    round: int
    value: bytes
    pol_round: int  # NO_ROUND for a new value
    validator: bytes  # address of the proposer
    signature: bytes = b""


class Prevote(Struct, frozen=True, gc=False):
    """First vote of a round."""

    height: int
    round: int
    value: bytes  # NIL for none
    pol_round: int  # of the proposal it answers, NO_ROUND for NIL
    validator: bytes
    signature: bytes = b""


class Precommit(Struct, frozen=True, gc=False):
    """Second vote of a round: a quorum of them decides."""

    height: int
    round: int
    value: bytes
    fingerprint: bytes  # of the engine that executed the value
    validator: bytes
    signature: bytes = b""


Ballot: TypeAlias = Prevote | Precommit
Message: TypeAlias = Proposal | Prevote | Precommit


def describe(message: Message) -> str:
    """One line for a trace: kind, height/round, value, justification."""
    kind = message.__class__.__name__.lower()
    value = "nil" if message.value == NIL else message.value.hex()[:8]
    pol = "" if isinstance(message, Precommit) else f" pol {message.pol_round}"
    who = message.validator.hex()[:8]
    return f"{kind} {message.height}/{message.round} {value}{pol} by {who}"
