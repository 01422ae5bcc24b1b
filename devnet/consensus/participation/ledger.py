"""Ledger: what a participant keeps over crashes: decisions, turns, coming changes of the set."""

from devnet.consensus.participation.commit import Commit
from devnet.consensus.proposer import Rotation, change_members
from devnet.consensus.set_change import DELAY, Update, apply_updates
from devnet.consensus.tendermint.message import Precommit
from devnet.consensus.tendermint.vote_keeper import Tally
from devnet.consensus.validator_set import ValidatorSet


class Ledger:
    """Decided heights and the one in progress."""

    def __init__(self, rotation: Rotation) -> None:
        """`rotation` is the turn of height 1."""
        self.height = 1
        self.rotation = rotation
        self._commits: list[Commit | tuple[int, bytes, Tally]] = []  # of heights 1, 2, ...
        self._sets = [(1, rotation.validators)]  # with the height from which each holds
        self._scheduled: dict[int, tuple[Update, ...]] = {}

    @property
    def is_decided(self) -> bool:
        """Whether the height in progress has its decision."""
        return len(self._commits) == self.height

    def add(self, round_: int, value: bytes, tally: Tally, updates: tuple[Update, ...]) -> None:
        """Keep the height's own decision; precommits that come later still count."""
        self._add((round_, value, tally), updates)

    def adopt(self, commit: Commit, updates: tuple[Update, ...]) -> None:
        """Keep a decision that others made."""
        self._add(commit, updates)

    def advance(self) -> None:
        """Go on to the next height, with the members it has."""
        self.height += 1
        updates = self._scheduled.pop(self.height, None)
        if updates is None:
            self.rotation = self.rotation.advance()
        else:
            changed = apply_updates(self.rotation.validators, updates)
            self.rotation = change_members(self.rotation, changed)
            self._sets.append((self.height, changed))

    def get_validators(self, height: int) -> ValidatorSet:
        """The set that decides, or decided, a height up to the one in progress."""
        return next(members for first, members in reversed(self._sets) if first <= height)

    def get_commit(self, height: int) -> Commit:
        """A decision with all precommits known for it."""
        return self._show(height, self._commits[height - 1])

    def _show(self, height: int, kept: Commit | tuple[int, bytes, Tally]) -> Commit:
        if isinstance(kept, Commit):
            return kept
        round_, value, tally = kept
        votes = tally.get_votes(value)
        precommits = tuple(vote for vote in votes if isinstance(vote, Precommit))
        return Commit(height, round_, value, precommits)

    def _add(self, commit: Commit | tuple[int, bytes, Tally], updates: tuple[Update, ...]) -> None:
        assert not self.is_decided, f"height {self.height} is decided twice"
        self._commits.append(commit)
        if updates:
            self._scheduled[self.height + DELAY] = updates
