"""Ports of a participant: what it asks of the chain it serves and of the network it speaks to."""

from typing import Protocol, TypeAlias

from msgspec import Struct

from devnet.consensus.participation.commit import Commit
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import Message, Proposal


class Status(Struct, frozen=True, gc=False):
    """`validator` is at this height and wants what it misses."""

    height: int
    validator: bytes


class Retry(Struct, frozen=True, gc=False):
    """Time to say again what was said at this height."""

    height: int


class NextHeight(Struct, frozen=True, gc=False):
    """Time to go on after a decision."""

    height: int


Wire: TypeAlias = Message | Status | Commit
Timer: TypeAlias = TimedOut | Retry | NextHeight


class Application(Protocol):
    """The chain: makes, checks and executes values. Bodies travel beside the messages."""

    def build_value(self, height: int, round_: int) -> bytes:
        """Id of a new value to propose, NIL if there is nothing to propose."""

    def is_valid(self, proposal: Proposal) -> bool:
        """Whether executing the value gives what it claims."""

    def can_follow(self, height: int, value: bytes) -> bool:
        """Whether it finds the same result for a value that others have decided."""

    def commit(self, height: int, value: bytes) -> tuple[Update, ...]:
        """Take over a decided value; returns changes of the validator set it makes."""


class Transport(Protocol):
    """The network and the timers."""

    def broadcast(self, message: Wire) -> None:
        """To all others."""

    def send(self, to: bytes, message: Wire) -> None:
        """To one validator."""

    def schedule(self, timer: Timer, delay_us: int) -> None:
        """Hand the timer back after a time."""

    def report(self, duplicate: Duplicate) -> None:
        """Somebody said two things."""
