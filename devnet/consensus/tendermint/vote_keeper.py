"""Vote keeper of one height: tallies votes by round and reports each threshold once.

Decides nothing. Whoever votes for two values counts for both, as in the paper's message log, and
once towards "any"; the pair is returned as evidence.
Source: arXiv 1807.04938, the quorums of lines 28-55.
"""

from enum import Enum
from typing import TypeAlias

from devnet.consensus.tendermint.duplicate import DuplicateVote
from devnet.consensus.tendermint.message import Ballot, Prevote
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL

MAX_VALUES = 4  # that one validator is heard with, in one round and step


class Threshold(Enum):
    """What a vote can complete."""

    QUORUM_ANY = "quorum for anything"
    QUORUM_VALUE = "quorum for the vote's value"
    SKIP = "a third is in a later round"


QUORUM_ANY, QUORUM_VALUE, SKIP = Threshold

Report: TypeAlias = tuple[Threshold | DuplicateVote, ...]


class Tally:
    """Votes of one round and step."""

    __slots__ = ("by_value", "extra", "power", "votes")

    def __init__(self) -> None:
        self.votes: dict[bytes, Ballot] = {}  # the first of each validator
        self.extra: dict[tuple[bytes, bytes], Ballot] = {}  # conflicting, by validator and value
        self.power = 0  # of all who voted
        self.by_value: dict[bytes, int] = {}

    def copy(self) -> "Tally":
        """The same votes, counted on separately."""
        other = Tally()
        other.votes, other.extra = self.votes.copy(), self.extra.copy()
        other.power, other.by_value = self.power, self.by_value.copy()
        return other

    def get_votes(self, value: bytes) -> tuple[Ballot, ...]:
        """All votes for a value, in order of arrival."""
        first = (vote for vote in self.votes.values() if vote.value == value)
        extra = (vote for vote in self.extra.values() if vote.value == value)
        return (*first, *extra)


class VoteKeeper:
    """All votes of one height."""

    __slots__ = ("_powers", "_quorum", "_tallies", "_third", "_voices", "reached", "round")

    def __init__(self, validators: ValidatorSet, quorum: int | None = None) -> None:
        """`quorum` is given only by tests that plant an error."""
        self._powers = validators.powers
        self._quorum = validators.quorum_power if quorum is None else quorum
        self._third = validators.third_power
        self._tallies: dict[tuple[type, int], Tally] = {}
        self._voices: dict[int, dict[bytes, int]] = {}  # power heard from rounds ahead
        self.round = 0  # the validator's own
        self.reached: set[tuple[type[Ballot], int]] = set()  # where over two thirds have voted

    def add(self, vote: Ballot) -> Report:
        """Count a vote; strangers and repetitions count for nothing."""
        validator, round_ = vote.validator, vote.round
        if validator not in self._powers:
            return ()
        power = self._powers[validator]
        place = (vote.__class__, round_)
        tally = self._tallies.get(place)
        if tally is None:
            tally = self._tallies[place] = Tally()
        votes, by_value, value = tally.votes, tally.by_value, vote.value
        if validator in votes:
            return self._add_again(tally, vote, power)
        votes[validator] = vote
        total = tally.power = tally.power + power
        for_value = by_value[value] = by_value.get(value, 0) + power
        if total < self._quorum and round_ <= self.round:
            return ()
        report = self._list_crossed(total, for_value, power)
        if QUORUM_ANY in report:
            self.reached.add(place)
        return report + self.hear(round_, validator) if round_ > self.round else report

    def hear(self, round_: int, validator: bytes) -> Report:
        """Note that a validator is in a round ahead of our own (L55)."""
        power = self._powers.get(validator, 0)
        voices = self._voices.setdefault(round_, {})
        if round_ <= self.round or power == 0 or validator in voices:
            return ()
        before = sum(voices.values())
        voices[validator] = power
        return (SKIP,) if before < self._third <= before + power else ()

    def is_quorum(self, kind: type[Ballot], round_: int, value: bytes) -> bool:
        """Whether a value, or NIL, has more than two thirds."""
        tally = self._tallies.get((kind, round_))
        return tally is not None and tally.by_value.get(value, 0) >= self._quorum

    def find_quorum(self, kind: type[Ballot], round_: int) -> tuple[bytes, ...]:
        """Values, not NIL, that have more than two thirds; more than one only if it forks."""
        tally = self._tallies.get((kind, round_))
        if tally is None or tally.power < self._quorum:
            return ()
        quorum = self._quorum
        return tuple([v for v, power in tally.by_value.items() if power >= quorum and v != NIL])

    def get_prevotes(self, round_: int, value: bytes) -> tuple[Prevote, ...]:
        """All prevotes for a value."""
        tally = self._tallies.get((Prevote, round_))
        votes = () if tally is None else tally.get_votes(value)
        return tuple(vote for vote in votes if isinstance(vote, Prevote))

    def list_votes(self) -> tuple[Ballot, ...]:
        """All votes that were counted, the conflicting ones too."""
        tallies = self._tallies.values()
        return tuple(v for t in tallies for v in (*t.votes.values(), *t.extra.values()))

    def get_tally(self, kind: type[Ballot], round_: int) -> Tally:
        """What is known of a round and step."""
        return self._tallies.get((kind, round_)) or Tally()

    def copy(self) -> "VoteKeeper":
        """The same votes, counted on separately."""
        other = object.__new__(VoteKeeper)
        other._powers, other._quorum, other._third = self._powers, self._quorum, self._third
        other._tallies = {place: tally.copy() for place, tally in self._tallies.items()}
        other._voices = {r: heard.copy() for r, heard in self._voices.items()}
        other.round, other.reached = self.round, self.reached.copy()
        return other

    def _list_crossed(self, total: int, for_value: int, power: int) -> Report:
        """Thresholds that lie between the power without this vote and with it."""
        quorum = self._quorum
        if for_value - power < quorum <= for_value:
            if total - power < quorum <= total:
                return (QUORUM_VALUE, QUORUM_ANY)
            return (QUORUM_VALUE,)
        return (QUORUM_ANY,) if total - power < quorum <= total else ()

    def _add_again(self, tally: Tally, vote: Ballot, power: int) -> Report:
        known = tally.votes[vote.validator]
        if vote is known or vote == known:
            return ()
        key = (vote.validator, vote.value)
        if vote.value == known.value:
            return (DuplicateVote(known, vote),)
        if key in tally.extra:
            return ()
        others = sum(1 for validator, _ in tally.extra if validator == vote.validator)
        if others + 1 >= MAX_VALUES:
            return ()
        tally.extra[key] = vote
        for_value = tally.by_value[vote.value] = tally.by_value.get(vote.value, 0) + power
        is_crossed = for_value - power < self._quorum <= for_value
        crossed = (QUORUM_VALUE,) if is_crossed else ()
        return (*crossed, DuplicateVote(known, vote))
