"""Write-ahead log of one validator: what it is about to act on, for the height in progress.

Entries are written before the validator acts, its own signed messages before they leave. A file
behind the same port must have them on disk when `append` returns.
"""

from typing import Protocol, TypeAlias

from msgspec import Struct

from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal


class Received(Struct, frozen=True, gc=False):
    """A proposal and what the host found about its value."""

    proposal: Proposal
    is_valid: bool


class Signed(Struct, frozen=True, gc=False):
    """A message of our own, which may have left."""

    message: Message


Entry: TypeAlias = Received | Prevote | Precommit | TimedOut | Signed


def get_height(entry: Entry) -> int:
    """Height that an entry belongs to."""
    if isinstance(entry, Received):
        return entry.proposal.height
    return entry.message.height if isinstance(entry, Signed) else entry.height


class Wal(Protocol):
    """Where entries go."""

    def append(self, entry: Entry) -> None:
        """Keep an entry beyond any crash."""

    def read(self) -> tuple[Entry, ...]:
        """All entries of the height in progress, oldest first."""

    def begin(self) -> None:
        """Forget them: the height is decided and stored."""


class MemoryWal:
    """A log that lives as long as this object: the disk of a simulated validator."""

    __slots__ = ("_entries", "append")

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self.append = self._entries.append

    def read(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def begin(self) -> None:
        self._entries.clear()
