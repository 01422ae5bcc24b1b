"""Record: what a cluster remembers of those who disagreed, said two things, or forked the chain."""

from collections.abc import Sequence

from devnet.consensus.blame.fork import Fork, diagnose_fork
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.message import Message
from devnet.consensus.validator_set import ValidatorSet
from devnet.validators.attempt import Attempt
from devnet.validators.report import Disagreement

_KEPT = 1_000  # of each


class Record:
    """Grows with the chain, and goes back with it."""

    def __init__(self) -> None:
        self.disagreements: list[Disagreement] = []
        self.duplicates: list[Duplicate] = []  # each pair of statements once
        self.forks: list[Fork] = []
        self._places: dict[tuple[bytes, type[Message], int, int], None] = {}

    def copy(self) -> "Record":
        """What is known by now."""
        other = Record()
        other.disagreements = self.disagreements[-_KEPT:]
        other.duplicates, other.forks = self.duplicates[-_KEPT:], self.forks[-_KEPT:]
        return other

    def add_duplicate(self, duplicate: Duplicate) -> None:
        """Somebody has seen two statements; others may have seen them before."""
        first = duplicate.first
        place = (first.validator, first.__class__, first.height, first.round)
        if place not in self._places:
            self._places[place] = None
            self.duplicates.append(duplicate)

    def add_fork(
        self, attempt: Attempt, messages: Sequence[Message], validators: ValidatorSet
    ) -> None:
        """Validators have decided other blocks than the chain has."""
        assert attempt.decided is not None
        strays = [
            block_hash for _, height, block_hash in attempt.strays if height == attempt.height
        ]
        values = dict.fromkeys([attempt.decided.hash, *strays])
        if len(values) > 1:
            self.forks.append(diagnose_fork(attempt.height, tuple(values), messages, validators))

    def rewind(self, number: int) -> None:
        """Forget what was about blocks above `number`."""
        self.disagreements = [d for d in self.disagreements if d.height <= number]
        self.duplicates = [d for d in self.duplicates if d.first.height <= number]
        self.forks = [fork for fork in self.forks if fork.height <= number]
        self._places = {place: None for place in self._places if place[2] <= number}
