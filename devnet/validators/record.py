"""Record: what a cluster remembers of those who disagreed, said two things, or forked the chain."""

from collections.abc import Callable, Sequence

from devnet.consensus.blame.fork import Fork, diagnose_fork
from devnet.consensus.proposer import Rotation
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.message import Message
from devnet.validators.agreement.ruling import Ruling, list_rulings
from devnet.validators.attempt import Attempt
from devnet.validators.report import Disagreement, RoundReport, build_report
from devnet.validators.supply import Delivery
from devnet.validators.validator import Validator

_KEPT = 1_000  # of each


class Record:
    """Grows with the chain, and goes back with it."""

    def __init__(self) -> None:
        self.disagreements: list[Disagreement] = []
        self.duplicates: list[Duplicate] = []  # each pair of statements once
        self.forks: list[Fork] = []
        self.deliveries: list[Delivery] = []  # each search for a model once
        self.rulings: list[Ruling] = []
        self._places: dict[tuple[bytes, type[Message], int, int], None] = {}

    def copy(self) -> "Record":
        """What is known by now."""
        other = Record()
        other.deliveries = self.deliveries[-_KEPT:]
        other.disagreements = self.disagreements[-_KEPT:]
        other.rulings = self.rulings[-_KEPT:]
        other.duplicates, other.forks = self.duplicates[-_KEPT:], self.forks[-_KEPT:]
        return other

    def add_delivery(self, delivery: Delivery) -> None:
        """A validator has looked for a model; for one height it may do so several times."""
        for index, known in enumerate(self.deliveries):
            if known.is_about(delivery):
                self.deliveries[index] = known.merge(delivery)
                return
        self.deliveries.append(delivery)
        del self.deliveries[:-_KEPT]

    def add_duplicate(self, duplicate: Duplicate) -> None:
        """Somebody has seen two statements; others may have seen them before."""
        first = duplicate.first
        place = (first.validator, first.__class__, first.height, first.round)
        if place not in self._places:
            self._places[place] = None
            self.duplicates.append(duplicate)

    def add(
        self,
        attempt: Attempt,
        running: Sequence[Validator],
        rotation: Rotation,
        get_hash: Callable[[int], bytes],
        list_messages: Callable[[int], Sequence[Message]],
    ) -> RoundReport | None:
        """Remember who disagreed in an attempt, and who decided another block than the chain has.

        Args:
            get_hash: of the chain's block at a height.
            list_messages: all that was said at a height.
        Returns: the report of the round in which most validators looked at a block.
        """
        members = rotation.validators
        powers = {v.name: members.get_power(v.address) for v in running}
        names = {validator.address: validator.name for validator in running}
        engines = {validator.name: validator.engine for validator in running}
        worlds = {validator.name: validator.world for validator in running}
        report = None
        for round_, found in sorted(attempt.opinions.items()):
            opinions = [found[v.name] for v in running if v.name in found]
            proposer = names.get(rotation.get_proposer(round_), "")
            latest = build_report(
                attempt.height, round_, proposer, opinions, powers, engines, worlds
            )
            self.disagreements += latest.disagreements
            self.rulings += list_rulings(attempt.height, round_, proposer, opinions, names)
            if report is None or latest.count >= report.count:
                report = latest
        del self.disagreements[:-_KEPT], self.rulings[:-_KEPT]
        for height in dict.fromkeys(height for _, height, _ in attempt.strays):
            decided = attempt.decided if height == attempt.height else None
            first = get_hash(height) if decided is None else decided.hash
            strays = [block for _, at, block in attempt.strays if at == height]
            values = tuple(dict.fromkeys((first, *strays)))
            self.forks.append(diagnose_fork(height, values, list_messages(height), members))
        return report

    def rewind(self, number: int) -> None:
        """Forget what was about blocks above `number`."""
        self.disagreements = [d for d in self.disagreements if d.height <= number]
        self.rulings = [ruling for ruling in self.rulings if ruling.height <= number]
        self.duplicates = [d for d in self.duplicates if d.first.height <= number]
        self.forks = [fork for fork in self.forks if fork.height <= number]
        self.deliveries = [d for d in self.deliveries if d.height <= number]
        self._places = {place: None for place in self._places if place[2] <= number}
