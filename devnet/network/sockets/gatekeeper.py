"""Gatekeeper: says which keys may connect, and remembers who knocked in vain.

ZeroMQ asks it during each handshake, in a thread of its own (RFC 27, ZAP).
"""

import logging

MAX_STRANGERS = 64  # that are remembered by key

_logger = logging.getLogger(__name__)


class Gatekeeper:
    """Known keys; anybody else is turned away before a byte of theirs is read."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}  # names by key
        self.strangers: dict[str, int] = {}  # attempts by key

    def admit(self, key: str, name: str) -> None:
        """Let a key in from now on."""
        self._known[key] = name
        self.strangers.pop(key, None)

    def expel(self, key: str) -> None:
        """Let a key in no more."""
        self._known.pop(key, None)

    def callback(self, domain: str, key: bytes) -> bool:
        """What pyzmq's authenticator calls; `key` is Z85."""
        asked = key.decode("ascii")
        if asked in self._known:
            return True
        if asked in self.strangers or len(self.strangers) < MAX_STRANGERS:
            self.strangers[asked] = self.strangers.get(asked, 0) + 1
            if self.strangers[asked] == 1:
                _logger.warning("turned away: key %s is no peer's (or was dropped)", asked)
        return False
