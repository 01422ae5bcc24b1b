"""Outlet: a participant's transport between processes: real sockets, real time."""

from collections.abc import Callable

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status, Timer, Wire
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.message import Message as Said
from devnet.consensus.tendermint.message import Proposal
from devnet.network.sockets.exchange import Exchange
from devnet.processes.codec import encode
from devnet.processes.message import Body, Decided, Message, Proposed
from devnet.processes.timers import Timers


class Outlet:
    """What a participant says goes to all peers, with the block it names."""

    def __init__(
        self,
        exchange: Exchange,
        timers: Timers,
        find_body: Callable[[Wire], Body | None],
        on_said: Callable[[Said], None],
        on_duplicate: Callable[[Duplicate], None],
    ) -> None:
        """
        Args:
            find_body: gives the block of a proposal or commit, if it is here.
            on_said: is told of statements that go to all.
            on_duplicate: is told when somebody said two things.
        """
        self._exchange, self._timers, self._find_body = exchange, timers, find_body
        self._on_said, self._on_duplicate = on_said, on_duplicate

    def broadcast(self, message: Wire) -> None:
        """To all peers; a proposal whose block was lost in a crash stays unsaid."""
        if not isinstance(message, Status | Commit):
            self._on_said(message)
        self.relay(message)

    def relay(self, message: Wire) -> None:
        """To all peers, what others said."""
        packed = self._pack(message)
        if packed is not None:
            self._exchange.broadcast(encode(packed))

    def send(self, to: bytes, message: Wire) -> None:
        """To all processes of one validator."""
        packed = self._pack(message)
        for contact in self._exchange.list_contacts() if packed is not None else ():
            if contact.peer.address == to and packed is not None:
                self._exchange.send(contact.peer.key, encode(packed))

    def schedule(self, timer: Timer, delay_us: int) -> None:
        """In real time."""
        self._timers.schedule(timer, delay_us)

    def report(self, duplicate: Duplicate) -> None:
        """Somebody said two things."""
        self._on_duplicate(duplicate)

    def _pack(self, message: Wire) -> Message | None:
        if not isinstance(message, Proposal | Commit):
            return message
        body = self._find_body(message)
        if body is None:
            return None
        if isinstance(message, Commit):
            return Decided(message, body)
        return Proposed(message, body)
