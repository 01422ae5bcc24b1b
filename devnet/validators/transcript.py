"""Transcript: what validators of one process said at the last heights, by anybody to anybody."""

from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import Status, Wire
from devnet.consensus.tendermint.message import Message

HEARD_HEIGHTS = 16  # whose messages are kept, to find who is to blame


class Transcript:
    """Messages by height, each once, in the order in which they left."""

    def __init__(self) -> None:
        self._height = 0  # in progress
        self._said: dict[int, dict[Message, None]] = {}
        self._latest: dict[int, int] = {}  # rounds beyond the first in which somebody spoke

    def begin(self, height: int) -> None:
        """A height is tried; of those that are long over nothing is kept."""
        if height != self._height:
            self._height = height
            self._said.pop(height - HEARD_HEIGHTS, None)

    def add(self, said: Wire) -> None:
        """Something leaves a validator."""
        if not isinstance(said, Status | Commit) and said.height > self._height - HEARD_HEIGHTS:
            self._said.setdefault(said.height, {})[said] = None
            if said.round > self._latest.get(said.height, 0):
                self._latest[said.height] = said.round

    def list_messages(self, height: int) -> tuple[Message, ...]:
        """All that was said at a height."""
        return tuple(self._said.get(height, ()))

    def find_last_round(self, height: int) -> int | None:
        """The latest round of a height in which anybody spoke, if anybody did."""
        return self._latest.get(height, 0 if height in self._said else None)

    def clear(self) -> None:
        """Nothing was said."""
        self._said, self._latest = {}, {}
