"""Docket: requests and disputes as the contract's events tell them, complete from the first on.

A value: what was read of it does not change when the chain goes on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from devnet.validators.optimistic.contract import Entry, Status, Verdict, read_tensors
from precompiles.tensor import Tensor

_OPEN = (Status.OPEN, Status.POSTED, Status.DISPUTED)


@dataclass(frozen=True, slots=True)
class Move:
    """One node opened by a party; `index` counts nodes of that level."""

    block: int
    party: bytes
    level: int
    index: int
    left: bytes
    right: bytes


@dataclass(frozen=True, slots=True)
class Conflict:
    """One dispute, open or decided."""

    opened_at: int  # block
    attempt: int
    executor: bytes
    challenger: bytes
    executor_root: bytes
    challenger_root: bytes
    moves: tuple[Move, ...] = ()
    operator: int | None = None  # that was judged
    leaf: bytes = b""  # what its execution gave, zero if it had no answer
    verdict: Verdict | None = None
    closed_at: int = 0
    slashed: tuple[tuple[bytes, int], ...] = ()  # wei by loser
    rewarded: tuple[tuple[bytes, int], ...] = ()

    @property
    def rounds(self) -> int:
        """Rounds that both parties have moved in."""
        return sum(move.party == self.challenger for move in self.moves)


@dataclass(frozen=True, slots=True)
class Matter:
    """One request and all that came of it."""

    number: int
    requester: bytes
    model: bytes
    inputs: tuple[Tensor, ...]
    asked_at: int  # block
    status: Status = Status.OPEN
    attempt: int = 0
    executor: bytes = b""
    root: bytes = b""
    outputs: tuple[Tensor, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    @property
    def is_open(self) -> bool:
        return self.status in _OPEN


@dataclass(frozen=True, slots=True)
class Docket:
    """Matters by number, and what they were read from."""

    entries: tuple[Entry, ...] = ()
    matters: Mapping[int, Matter] = field(default_factory=dict)

    def add(self, entries: Iterable[Entry]) -> "Docket":
        """With more events."""
        added = tuple(entries)
        if not added:
            return self
        matters = dict(self.matters)
        for entry in added:
            _fold(matters, entry)
        return Docket(self.entries + added, matters)

    def rewind(self, number: int) -> "Docket":
        """Without what happened after a block."""
        return Docket().add(entry for entry in self.entries if entry.block <= number)

    def list_open(self) -> tuple[Matter, ...]:
        """Matters in which somebody may still act."""
        return tuple(matter for matter in self.matters.values() if matter.is_open)


def _fold(matters: dict[int, Matter], entry: Entry) -> None:
    values, number = entry.values, entry.values["id"]
    if entry.name == "Requested":
        inputs = read_tensors(values["inputs"])
        asked = (values["requester"], values["model"], inputs, entry.block)
        matters[number] = Matter(number, *asked)
        return
    matter = matters[number]
    if entry.name == "Posted":
        matter = replace(
            matter,
            status=Status.POSTED,
            executor=values["executor"],
            root=values["root"],
            outputs=_read_claimed(values["outputs"]),
        )
    elif entry.name == "Challenged":
        conflict = Conflict(
            entry.block,
            matter.attempt,
            matter.executor,
            values["challenger"],
            matter.root,
            values["root"],
        )
        conflicts = (*matter.conflicts, conflict)
        matter = replace(matter, status=Status.DISPUTED, conflicts=conflicts)
    elif entry.name in ("Finalized", "Expired"):
        status = Status.FINAL if entry.name == "Finalized" else Status.EXPIRED
        matter = replace(matter, status=status)
    elif entry.name in ("Judged", "TimedOut"):
        matter = _close(_change(matter, entry), Verdict(values["verdict"]))
    elif entry.name in ("Bisected", "Slashed", "Rewarded"):
        matter = _change(matter, entry)
    matters[number] = matter


def _change(matter: Matter, entry: Entry) -> Matter:
    """The last dispute with another event."""
    values, conflict = entry.values, matter.conflicts[-1]
    if entry.name == "Bisected":
        move = Move(
            entry.block, *(values[name] for name in ("party", "level", "index", "left", "right"))
        )
        conflict = replace(conflict, moves=(*conflict.moves, move))
    elif entry.name == "Slashed":
        taken = (values["loser"], values["amount"])
        conflict = replace(conflict, slashed=(*conflict.slashed, taken))
    elif entry.name == "Rewarded":
        paid = (values["winner"], values["amount"])
        conflict = replace(conflict, rewarded=(*conflict.rewarded, paid))
    else:
        conflict = replace(conflict, verdict=Verdict(values["verdict"]), closed_at=entry.block)
        if entry.name == "Judged":
            conflict = replace(conflict, operator=values["operator"], leaf=values["leaf"])
    return replace(matter, conflicts=(*matter.conflicts[:-1], conflict))


def _close(matter: Matter, verdict: Verdict) -> Matter:
    """What stood is posted still; what fell waits for another executor."""
    if verdict is Verdict.EXECUTOR:
        return replace(matter, status=Status.POSTED)
    return replace(
        matter, status=Status.OPEN, attempt=matter.attempt + 1, executor=b"", root=b"", outputs=()
    )


def _read_claimed(values: Iterable[tuple[int, tuple[int, ...], bytes]]) -> tuple[Tensor, ...]:
    """What an executor claims may be anything; nothing if it is no tensors."""
    try:
        return read_tensors(values)
    except ValueError:
        return ()
