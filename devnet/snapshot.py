"""Snapshots of a node: what each goes back to, used up by going there."""

from dataclasses import dataclass

from devnet.chain.transaction import Transaction
from devnet.errors import UnknownSnapshot
from devnet.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A moment of a chain."""

    number: int  # of the head
    waiting: tuple[Transaction, ...]
    timeline: Timeline


class Snapshots:
    """By id, counted from 1; an id is never given twice."""

    def __init__(self) -> None:
        self._taken: dict[int, Snapshot] = {}
        self._next = 1

    def __len__(self) -> int:
        return len(self._taken)

    def add(self, snapshot: Snapshot) -> int:
        """Its id."""
        self._taken[self._next] = snapshot
        self._next += 1
        return self._next - 1

    def use(self, snapshot_id: int) -> Snapshot:
        """Take one out, and drop all later ones. Raises: UnknownSnapshot."""
        found = self._taken.get(snapshot_id)
        if found is None:
            raise UnknownSnapshot(f"no snapshot {snapshot_id}; a revert uses up its snapshot")
        for later in [number for number in self._taken if number >= snapshot_id]:
            del self._taken[later]
        return found
