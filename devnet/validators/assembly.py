"""Assembly: validators around one network in virtual time, taken to a decision or to a halt.

Nobody sleeps: a silent validator costs events, never a pause.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from devnet.consensus.agreement import Agreement
from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.commit import to_certificate
from devnet.consensus.participation.wal import Signed, Wal
from devnet.consensus.rules.rule import Exchange
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.state import Step
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import Recover
from devnet.errors import StoreError
from devnet.network.fabric import Fabric
from devnet.validators.attempt import Attempt
from devnet.validators.links import Groups, Links
from devnet.validators.rounds import Rounds
from devnet.validators.seating import build_seats
from devnet.validators.station import Letter, Payload, Slip, Station, Stop
from devnet.validators.transcript import Transcript
from devnet.validators.validator import Validator
from devnet.validators.watch import Watch

MAX_ROUNDS = 16  # of one attempt; fewer if there are fewer validators
LIMIT_US = 600_000_000  # virtual time of one attempt


class Assembly:
    """One network; heights follow each other in its time."""

    def __init__(
        self,
        validators: Sequence[Validator],
        keys: Sequence[bytes],
        wals: Sequence[Wal],
        chain_id: int,
        seed: int,
        turns: Turns,
        recover: Recover,
        find_certificate: Callable[[int], Certificate],
        get_hash: Callable[[int], bytes],
        on_duplicate: Callable[[Duplicate], None],
        agreement: Agreement,
        rounds: Rounds,
    ) -> None:
        self._seed, self._turns, self._on_duplicate = seed, turns, on_duplicate
        self._timeouts, self._agreement = Timeouts(), agreement
        self._addresses = [validator.address for validator in validators]
        self._links = Links()
        self.fabric: Fabric[Payload] = Fabric((), seed)
        self.transcript = Transcript()
        self.on_delivery: Callable[[int, int, Payload], None] | None = None
        # told time, node and what it is handed
        self._rounds, self._find = rounds, find_certificate
        self.seats = build_seats(
            *(validators, keys, wals, chain_id, seed, turns, self._timeouts),
            *(recover, self._find_certificate, get_hash, agreement, rounds),
        )
        self._height = 0
        self._connect()

    def find_last_round(self, height: int) -> int | None:
        """The latest round of a height in which anybody here spoke, if anybody did."""
        kept = [
            entry.message.round
            for seat in self.seats
            for entry in seat.wal.read()
            if isinstance(entry, Signed) and entry.message.height == height
        ]
        heard = self.transcript.find_last_round(height)
        return max((*kept, *(() if heard is None else (heard,))), default=None)

    def _find_certificate(self, height: int) -> Certificate:
        """By the shift that its signatures are checked with."""
        found, shift = self._find(height), self._rounds.get_shift(height)
        return replace(found, round=found.signed_round - shift, shift=shift)

    def list_absences(self, height: int, members: ValidatorSet) -> dict[bytes, str]:
        """Why validators take no part in a height, by address; empty for those who do."""
        absent = {member.address: "does not run here" for member in members.members}
        for seat in self.seats:
            absent[seat.validator.address] = seat.describe_absence(height)
        return absent

    @property
    def judges_results(self) -> bool:
        """Whether a block that comes out otherwise is wrong: with other rules it need not be."""
        return self._agreement.is_exact

    @property
    def round(self) -> int:
        """The furthest that anybody is at the height in progress."""
        return max((round_ for round_, _ in self._list_places()), default=0)

    @property
    def step(self) -> Step:
        """Of whoever is furthest."""
        return max(self._list_places(), default=(0, Step.PROPOSE))[1]

    def reset(self) -> None:
        """Begin anew after the validators' heads; nothing that was signed is remembered."""
        self.transcript.clear()
        for seat in self.seats:
            seat.close()
        self._connect()

    def _connect(self) -> None:
        """A new network; whoever was at a height goes on from its log."""
        now_us = self.fabric.now_us
        self.fabric = Fabric(self._links.rules, self._seed)
        self.fabric.now_us = now_us  # times in rules hold
        self._deliveries: Iterator[tuple[int, int, Payload]] = iter(())
        self._stations = tuple(
            Station(
                self.fabric,
                node,
                self._addresses,
                seat.executor.find_body,
                self.transcript.add,
                self._on_duplicate,
                self._agreement.exchange is Exchange.COMMITMENTS,
            )
            for node, seat in enumerate(self.seats)
        )
        for seat in self.seats:
            seat.interrupt()

    @property
    def links(self) -> Links:
        """How the validators hear each other."""
        return self._links

    @links.setter
    def links(self, links: Links) -> None:
        self._links, self.fabric.rules = links, links.rules

    @property
    def groups(self) -> Groups:
        """Nodes by side of the network as it is now, nothing if it is whole."""
        return self._links.list_groups(self.fabric.now_us)

    def is_linked(self, first: int, second: int) -> bool:
        """Whether two nodes hear each other now."""
        return self._links.is_linked(first, second, self.fabric.now_us)

    def run(self, attempt: Attempt) -> int:
        """Let the validators decide, or find out that they do not.

        Returns: the number of rounds that were tried.
        """
        self._height = attempt.height
        self.transcript.begin(attempt.height)
        try:
            return self._run(attempt)
        except BaseException:
            self._connect()  # somebody was interrupted in the middle of a step
            raise

    def build_certificate(self, attempt: Attempt) -> Certificate:
        """What proves a decision, with all votes that have come in by now."""
        assert attempt.decided is not None
        voters = self._turns.get_validators(attempt.height)
        decider = next(seat for seat in self.seats if seat.validator.name == attempt.decider)
        commit = decider.get_commit(attempt.height)
        return to_certificate(commit, voters, self._rounds.get_shift(attempt.height))

    def _run(self, attempt: Attempt) -> int:
        for seat in self.seats:
            seat.executor.begin(attempt)
            seat.validator.conduct.begin()
        watch = Watch(self.seats, self.round, self._count_rounds(attempt))
        limit, end = Stop(), None
        self.fabric.schedule(0, limit, LIMIT_US)
        for seat, station in zip(self.seats, self._stations, strict=True):
            try:
                seat.prepare(station)
            except StoreError as fault:
                seat.fail(fault)
        watch.begin(attempt)
        while True:
            if attempt.decided is not None:
                if end is None:
                    end = Stop()
                    self.fabric.schedule(0, end, self._timeouts.commit_us - 1)
            elif watch.is_over(self.fabric.now_us):
                break
            entry = next(self._deliveries, None)
            if entry is None:  # all was delivered, but for what was set since
                self._deliveries = self.fabric.deliver()
                continue
            now_us, node, payload = entry
            if payload is limit or payload is end:
                break
            if self.on_delivery is not None and not isinstance(payload, Stop):
                self.on_delivery(now_us, node, payload)
            self._deliver(node, payload)
            watch.look(node, self.fabric.now_us)
        return watch.rounds

    def _deliver(self, node: int, payload: Payload) -> None:
        seat, station = self.seats[node], self._stations[node]
        try:
            if isinstance(payload, Letter):
                seat.receive(payload, station)
            elif isinstance(payload, Slip):
                seat.hear(payload)
            elif not isinstance(payload, Stop):
                seat.on_timer(payload, station)
        except StoreError as fault:
            seat.fail(fault)

    def _count_rounds(self, attempt: Attempt) -> int:
        members = self._turns.get_validators(attempt.height).members
        return min(MAX_ROUNDS, len(members))

    def _list_places(self) -> list[tuple[int, Step]]:
        """Round and step of everybody who is at the height in progress."""
        participants = [seat.participant for seat in self.seats]
        states = [p.process.state for p in participants if p and p.height == self._height]
        return [(max(0, state.round), state.step) for state in states]
