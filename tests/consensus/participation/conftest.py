"""One participant, a network that only writes down, and a chain that accepts nearly anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from devnet.consensus.participation.ledger import Ledger
from devnet.consensus.participation.participant import Participant
from devnet.consensus.participation.signing import DigestSigner, DigestVerifier
from devnet.consensus.participation.wal import MemoryWal
from devnet.consensus.proposer import start_rotation
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.validator_set import Member, ValidatorSet

if TYPE_CHECKING:
    from devnet.consensus.participation.host import Timer, Wire
    from devnet.consensus.tendermint.duplicate import Duplicate
    from devnet.consensus.tendermint.message import Message, Proposal

ADDRESSES = [bytes([n + 1]) * 20 for n in range(4)]
VALIDATORS = ValidatorSet(tuple(Member(address, 1) for address in ADDRESSES))
VERIFIER = DigestVerifier({address: address for address in ADDRESSES})


class Crash(Exception):
    """The power goes out."""


@dataclass
class Notebook:
    """A transport that writes down, and fails after so many calls if asked to."""

    sent: list[tuple[bytes | None, Wire]] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    duplicates: list[object] = field(default_factory=list)
    calls_left: int = 10**9

    def _call(self) -> None:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise Crash

    def broadcast(self, message: Wire) -> None:
        self._call()
        self.sent.append((None, message))

    def send(self, to: bytes, message: Wire) -> None:
        self.sent.append((to, message))

    def schedule(self, timer: Timer, delay_us: int) -> None:
        self._call()
        self.timers.append(timer)

    def report(self, duplicate: Duplicate) -> None:
        self.duplicates.append(duplicate)


@dataclass
class Chain:
    """An application: builds a new value every time it is asked, changes the set if told to."""

    built: int = 0
    decided: list[bytes] = field(default_factory=list)
    updates: dict[int, tuple[Update, ...]] = field(default_factory=dict)

    def build_value(self, height: int, round_: int) -> bytes:
        self.built += 1
        return bytes([height, round_, self.built]) + bytes(29)

    def is_valid(self, proposal: Proposal) -> bool:
        return proposal.value[:1] != b"\xee"

    def can_follow(self, height: int, value: bytes) -> bool:
        return value[:1] != b"\xee"

    def commit(self, height: int, value: bytes) -> tuple[Update, ...]:
        self.decided.append(value)
        return self.updates.get(height, ())


class Bench:
    """A participant, its disk, and what it said."""

    Crash = Crash

    def __init__(self, node: int = 3) -> None:
        self.address = ADDRESSES[node]
        self.ledger, self.wal, self.chain = Ledger(start_rotation(VALIDATORS)), MemoryWal(), Chain()
        self.wire = Notebook()
        self.participant = self.build()

    def build(self) -> Participant:
        """The participant that disk and ledger give."""
        return Participant(
            self.address, self.ledger, self.wal, self.chain, self.wire,
            DigestSigner(self.address), VERIFIER, Timeouts(),
        )  # fmt: skip

    def restart(self) -> None:
        """After a crash."""
        self.wire.calls_left = 10**9
        self.participant = self.build()
        self.participant.start()

    def said(self) -> list[Message]:
        """Own messages that left, repetitions included."""
        return [m for to, m in self.wire.sent if to is None and hasattr(m, "signature")]  # type: ignore[misc]


def sign(message: Message) -> Message:
    """By its own validator."""
    return DigestSigner(message.validator).sign(message)


@pytest.fixture
def bench() -> Callable[..., Bench]:
    """Makes one."""
    return Bench


@pytest.fixture
def by() -> Callable[[Message], Message]:
    """`sign`."""
    return sign
