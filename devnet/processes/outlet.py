"""Outlet: a participant's transport between processes: real sockets, real time."""

import logging
from collections.abc import Callable

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Timer, Wire
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.message import Proposal
from devnet.network.sockets.exchange import Exchange
from devnet.processes.codec import encode
from devnet.processes.message import Body, Decided, Message, Proposed
from devnet.processes.timers import Timers

_logger = logging.getLogger(__name__)


class Outlet:
    """What a participant says goes to all peers, with the block it names."""

    def __init__(
        self, exchange: Exchange, timers: Timers, find_body: Callable[[Wire], Body | None]
    ) -> None:
        """`find_body` gives the block of a proposal or commit, if it is here."""
        self._exchange, self._timers, self._find_body = exchange, timers, find_body

    def broadcast(self, message: Wire) -> None:
        """To all peers; a proposal whose block was lost in a crash stays unsaid."""
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
        _logger.warning("0x%s said two things: %s", duplicate.first.validator.hex(), duplicate)

    def _pack(self, message: Wire) -> Message | None:
        if not isinstance(message, Proposal | Commit):
            return message
        body = self._find_body(message)
        if body is None:
            return None
        if isinstance(message, Commit):
            return Decided(message, body)
        return Proposed(message, body)
