"""Relay: a transport around another one; what it does not change it hands on as it is."""

from devnet.consensus.participation.host import Timer, Transport, Wire
from devnet.consensus.tendermint.duplicate import Duplicate


class Relay:
    """Whoever extends it sets the transport inside, and says what becomes of a broadcast."""

    _inner: Transport

    def send(self, to: bytes, message: Wire) -> None:
        """To one validator."""
        self._inner.send(to, message)

    def schedule(self, timer: Timer, delay_us: int) -> None:
        """Hand the timer back after a time."""
        self._inner.schedule(timer, delay_us)

    def report(self, duplicate: Duplicate) -> None:
        """Somebody said two things."""
        self._inner.report(duplicate)
