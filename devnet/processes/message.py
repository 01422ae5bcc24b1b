"""What processes say to each other: the protocol's messages with what they speak of, and the rest.

A block travels with the proposal or the decision that names it; models travel apart, in parts.
"""

from dataclasses import dataclass
from typing import TypeAlias

from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal
from devnet.network.sockets.identity import Peer
from devnet.validators.download import ModelPart, ModelWanted


@dataclass(frozen=True, slots=True)
class Body:
    """A block as it is executed, and the proof of its parent."""

    round: int  # that it was built for
    block: bytes  # RLP
    last_commit: Certificate | None  # of the parent, where somebody signed that


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal and its block."""

    proposal: Proposal
    body: Body


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and its block."""

    commit: Commit
    body: Body


@dataclass(frozen=True, slots=True)
class Transactions:
    """Signed transactions, in the form that clients send."""

    raws: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class BlockWanted:
    """A client wants a block at a height."""

    height: int
    timestamp: int  # of the block, in seconds since the epoch
    empty_too: bool  # whether also without transactions


@dataclass(frozen=True, slots=True)
class ModelsHeld:
    """The sender has the bytes of these models, for whoever lacks them."""

    model_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Introduced:
    """Somebody new, by whom all know already."""

    peer: Peer


@dataclass(frozen=True, slots=True)
class ReportWanted:
    """How are you?"""

    number: int  # comes back with the answer


@dataclass(frozen=True, slots=True)
class LinkReport:
    """One peer of the reporting process."""

    name: str
    is_connected: bool
    lost: int  # messages that nobody was there for
    dropped: str  # why it was, empty if it was not


@dataclass(frozen=True, slots=True)
class LackReport:
    """A model that the reporting process has no bytes of."""

    model_id: bytes
    server: str  # name of who is asked for them, empty if nobody is known to have them
    received: int  # bytes, so far
    passed_over: tuple[str, ...]  # names of those who let it wait or sent something else


@dataclass(frozen=True, slots=True)
class Report:
    """A process about itself."""

    number: int  # of the question
    name: str
    pid: int
    height: int  # of the last block it agrees with
    round: int  # of the height in progress
    stuck: str  # why it cannot follow, empty if it does
    links: tuple[LinkReport, ...]
    strangers: int  # keys that were turned away
    behavior: str  # as it was started
    head_hash: bytes
    state_root: bytes  # after the head
    engine: tuple[tuple[str, str], ...]  # what its fingerprint stands for
    lacks: tuple[LackReport, ...]


Message: TypeAlias = (
    Proposed
    | Prevote
    | Precommit
    | Status
    | Decided
    | Transactions
    | BlockWanted
    | ModelsHeld
    | ModelWanted
    | ModelPart
    | Introduced
    | ReportWanted
    | Report
)
