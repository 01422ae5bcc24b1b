"""Rounds as validators sign them: a height that is taken back goes on behind all that were signed.

A revert makes honest validators vote on a height twice. Signed in other rounds, the two contradict
each other neither as duplicates nor as amnesia (decision 0055).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devnet.consensus.tendermint.message import Message, Proposal


@dataclass(frozen=True, slots=True)
class Undone:
    """What was signed at a height before it was taken back."""

    shift: int  # of its rounds then
    free: int  # the first round that nobody has signed for
    value: bytes = b""  # that was decided calmly; empty if none was


class Rounds:
    """The shift of each height, the same for all validators of a process."""

    def __init__(self, is_calm: Callable[[], bool], free: Mapping[int, int], first: int) -> None:
        """
        Args:
            is_calm: whether all validators are honest, there, and hear each other at once.
            free: by height, as an earlier process has left it.
            first: the first height that this process sees.
        """
        self._is_calm, self._first = is_calm, first
        self._shifts: dict[int, int] = {}  # those that are not zero
        self._undone = {height: Undone(0, round_) for height, round_ in free.items()}
        self._restless: dict[int, None] = {}  # heights at which not all said the same in one round

    def get_shift(self, height: int) -> int:
        """What is added to the rounds of a height when they are signed."""
        undone = self._undone.get(height)
        return self._shifts.get(height, 0) if undone is None else undone.free

    def find_shift(self, message: Message) -> int:
        """The same, of a message's height."""
        return self.get_shift(message.height) if self._shifts or self._undone else 0

    def choose_shift(self, message: Message) -> int:
        """The same for a message that is signed now, which may be the first of its height.

        If the same block is proposed again where all are honest, all say again what they said.
        """
        height = message.height
        undone = self._undone.pop(height, None) if self._undone else None
        if undone is not None:
            again = isinstance(message, Proposal) and message.value == undone.value
            is_repeated = again and message.round == 0 and self._is_calm()
            self._shifts[height] = undone.shift if is_repeated else undone.free
        return self._shifts.get(height, 0)

    def note(self, height: int, *, said_all: bool) -> None:
        """A height is decided; `said_all`: in the first round, with everybody's signature."""
        if said_all and self._is_calm():
            self._restless.pop(height, None)
        else:
            self._restless[height] = None

    def take_back(self, height: int, last: int, value: bytes) -> None:
        """Begin a height anew.

        Args:
            last: the latest round that somebody may have signed for, as it was signed.
            value: that was decided, empty if none was.
        """
        if height in self._undone:  # nothing was signed since
            return
        shift = self._shifts.pop(height, 0)
        is_known = height >= self._first and height not in self._restless
        self._undone[height] = Undone(shift, last + 1, value if is_known else b"")

    def list_free(self) -> dict[int, int]:
        """The first free round of each height that was taken back, and not signed for since."""
        return {height: undone.free for height, undone in self._undone.items()}
