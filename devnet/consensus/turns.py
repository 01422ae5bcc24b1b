"""Turns: who votes and who proposes at every height of one chain, from the sets it has had."""

from collections.abc import Callable, Iterable

from devnet.consensus.proposer import Rotation, change_members, start_rotation
from devnet.consensus.set_change import DELAY
from devnet.consensus.validator_set import ValidatorSet, compute_set_hash

GetSet = Callable[[int], ValidatorSet]


class Turns:
    """Grows with the chain, and goes back with it."""

    def __init__(self, get_set: GetSet, first: int = 1) -> None:
        """
        Args:
            get_set: who votes at a height, known two heights ahead.
            first: the first height that anybody votes on.
        """
        self._get_set, self._first = get_set, first
        self._rotations: list[Rotation] = []
        self._known: dict[
            tuple[bytes, tuple[int, ...]], Rotation
        ] = {}  # of the set in force: turns recur
        self._hashed: tuple[ValidatorSet, bytes] | None = None

    def get_rotation(self, height: int) -> Rotation:
        """The turn of a height; the first one stands for heights that nobody voted on."""
        index = max(0, height - self._first)
        while len(self._rotations) <= index:
            self._grow(True)
        return self._rotations[index]

    def get_validators(self, height: int) -> ValidatorSet:
        """Who votes at a height."""
        return self.get_rotation(height).validators

    def get_set_hash(self, height: int) -> bytes:
        """Of the validator set of a height, as it is signed with every message."""
        validators = self.get_validators(height)
        if self._hashed is None or validators is not self._hashed[0]:
            self._hashed = (validators, compute_set_hash(validators))
        return self._hashed[1]

    def restore(self, height: int, changes: Iterable[int]) -> None:
        """Take the turns up to a height that a chain has had.

        Args:
            changes: heights at which another set came into force; it is asked for only there.
        """
        changed = dict.fromkeys(changes)
        while len(self._rotations) <= height - self._first:
            self._grow(self._first + len(self._rotations) in changed)

    def rewind(self, number: int) -> None:
        """Forget what follows from blocks above `number`."""
        del self._rotations[max(0, number + DELAY + 1 - self._first) :]
        self._known.clear()

    def _grow(self, may_change: bool) -> None:
        if not self._rotations:
            self._rotations.append(start_rotation(self._get_set(self._first)))
            return
        last = self._rotations[-1]
        validators = last.validators
        if may_change:
            validators = self._get_set(self._first + len(self._rotations))
        if validators == last.validators:
            following = last.advance()
        else:
            following = change_members(last, validators)
            self._known.clear()
        place = following.proposer, following.priorities
        self._rotations.append(self._known.setdefault(place, following))
