"""Finds where one JSON value ends and the next begins in a stream of bytes.

Values may stand back to back, on a line each, or arrive in pieces; none is parsed here. Every byte
is looked at once, whatever the pieces.
"""

import re
from collections.abc import Iterator

from devnet.errors import InvalidRequest
from devnet.nesting import MAX_DEPTH

_BLANK = re.compile(rb"[ \t\r\n]*")
_OUTSIDE = re.compile(rb'["\[\]{}]')  # what matters between strings
_INSIDE = re.compile(rb'["\\]')  # what matters in one
_PLAIN_END = re.compile(rb'[\s"\[\]{},:]')  # what ends a number or a word


class JsonStream:
    """Cuts a stream into values of at most `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._position = 0  # up to which the buffer was looked at
        self._depth = 0
        self._in_string = False

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The values that end in this piece.

        Raises: InvalidRequest if one is too long or too deep; where the next begins is lost then.
        """
        self._buffer += piece
        while (end := self._find_end()) is not None:
            value = bytes(self._buffer[:end])
            del self._buffer[:end]
            self._position = self._depth = 0
            yield value
        if len(self._buffer) > self._limit:
            raise InvalidRequest(f"request of more than {self._limit} bytes")

    def _find_end(self) -> int | None:
        if self._position == 0:
            blank = _BLANK.match(self._buffer)
            del self._buffer[: blank.end() if blank else 0]
            if not self._buffer:
                return None
        if self._buffer[0] not in b'"[{':
            return self._find_plain_end()
        while True:
            pattern = _INSIDE if self._in_string else _OUTSIDE
            found = pattern.search(self._buffer, self._position)
            if found is None:
                self._position = len(self._buffer)
                return None
            if not self._pass(found[0], found.end()):
                return None
            if self._depth == 0 and not self._in_string:
                return self._position

    def _pass(self, token: bytes, end: int) -> bool:
        """Go beyond a token; whether it was there as a whole."""
        if token == b"\\":
            if end == len(self._buffer):
                self._position = end - 1
                return False
            end += 1
        elif token == b'"':
            self._in_string = not self._in_string
        elif token in b"[{":
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise InvalidRequest(f"more than {MAX_DEPTH} brackets inside each other")
        else:
            self._depth -= 1
        self._position = end
        return True

    def _find_plain_end(self) -> int | None:
        """A number, a word or nonsense ends where something else begins."""
        found = _PLAIN_END.search(self._buffer, max(self._position, 1))
        if found is None:
            self._position = len(self._buffer)
            return None
        return found.start()
