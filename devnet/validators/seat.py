"""Seat: one validator's place in the protocol: its participant, log, faults and absences."""

from collections.abc import Callable

from devnet.consensus.certificate import Certificate
from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import NextHeight, Status, Wire
from devnet.consensus.participation.participant import Participant
from devnet.consensus.participation.signing import Signer, Verifier
from devnet.consensus.participation.wal import Wal, get_height
from devnet.consensus.tendermint.message import Proposal
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.turns import Turns
from devnet.errors import StoreError
from devnet.validators.agreement.gathering import Gathering
from devnet.validators.agreement.statement import Due
from devnet.validators.chain_ledger import ChainLedger
from devnet.validators.executor import Executor
from devnet.validators.faults.disguise import Disguise, Held
from devnet.validators.faults.fault import Strategy
from devnet.validators.guise import choose_guise
from devnet.validators.station import Letter, NodeTimer, Slip, Station, Wake
from devnet.validators.validator import Validator
from precompiles.engine.fingerprint import compute_fingerprint


class Seat:
    """Hears for a validator, and is silent while that is down, paused or stuck."""

    def __init__(
        self,
        validator: Validator,
        executor: Executor,
        wal: Wal,
        signer: Signer,
        verifier: Verifier,
        turns: Turns,
        timeouts: Timeouts,
        find_certificate: Callable[[int], Certificate],
        gathering: Gathering | None = None,
    ) -> None:
        """`gathering` is where the chain's rule counts what others found."""
        self.validator, self.executor, self.wal = validator, executor, wal
        self.participant: Participant | None = None
        self._signer, self._verifier = signer, verifier
        self._turns, self._timeouts = turns, timeouts
        self._find_certificate = find_certificate
        self._gathering = gathering
        self._ledger: ChainLedger | None = None
        self._disguise: Disguise | None = None
        self._version = -1
        self._is_down = False
        self._waiting: list[Letter | NodeTimer] | None = None  # while it is paused

    def describe_absence(self, height: int) -> str:
        """Why it takes no part in a height, empty if it does."""
        validator = self.validator
        if validator.stuck:
            return validator.stuck
        if self._is_down or not validator.is_running(height):
            return "crashed"
        if self._waiting is not None:
            return "paused"
        if validator.head.number != height - 1:
            return f"is at block {validator.head.number}"
        return ""

    @property
    def is_waking(self) -> bool:
        """Whether a time is set at which it goes on, and nobody has told it to do so before."""
        is_absent = self._is_down or self._waiting is not None
        return is_absent and self._version == self.validator.version

    def get_commit(self, height: int) -> Commit:
        """A decision with all precommits known here for it."""
        assert self._ledger is not None, "who has not begun has decided nothing"
        return self._ledger.get_commit(height)

    def fail(self, fault: StoreError) -> None:
        """Its disk is of no use: it stands still until it is told to go on."""
        self.validator.stuck = f"at block {self.validator.head.number + 1}: {fault}"
        self.participant = None

    def interrupt(self) -> None:
        """Go on from the log next time."""
        self.participant, self._is_down, self._waiting = None, False, None

    def close(self) -> None:
        """Forget the height in progress, with all that was signed."""
        self.interrupt()
        self.executor.clear()
        self.wal.begin()

    def prepare(self, station: Station) -> None:
        """Be ready for the height after the validator's head: go on, or begin from the log."""
        validator = self.validator
        changed = self._version != validator.version
        if changed:
            self._version, self._is_down, self._waiting = validator.version, False, None
        height = validator.head.number + 1
        if validator.stuck or self.is_waking or not validator.is_running(height):
            return
        participant, ledger = self.participant, self._ledger
        if participant is not None and ledger is not None and not changed:
            expected = ledger.height + 1 if ledger.is_decided else ledger.height
            if expected == height:
                return
        self._restart(height, station)

    def receive(self, letter: Letter, station: Station) -> None:
        """A letter for a validator that may be absent or deaf."""
        participant, message = self.participant, letter.message
        if participant is None or not self._is_present(letter, message.height, station):
            return
        if not isinstance(message, Status | Commit) and not self._is_sound(message, participant):
            return
        if self._disguise is not None and not self._disguise.hear(message):
            return
        if letter.body is not None:
            self.executor.keep(letter.body)
        gathering, height = self._gathering, participant.height
        if (
            gathering is None
            or not isinstance(message, Proposal)
            or gathering.is_ready(message, height)
        ):
            participant.receive(message)

    def hear(self, slip: Slip) -> None:
        """A statement before the vote; lost on whoever is absent."""
        if self._gathering is not None and not self.describe_absence(slip.said.height):
            if slip.body is not None:
                self.executor.show(slip.body)
            self._gathering.hear(slip.said)

    def on_timer(self, timer: NodeTimer, station: Station) -> None:
        """A timer for a validator that may be absent."""
        participant = self.participant
        if isinstance(timer, Wake):
            self._wake(station)
        elif participant is not None:
            height = participant.height + isinstance(timer, NextHeight)
            if self._is_present(timer, height, station):
                self._pass_on(timer, participant)

    def _pass_on(self, timer: NodeTimer, participant: Participant) -> None:
        if isinstance(timer, Held):
            if self._disguise is not None:
                self._disguise.release(timer)
        elif isinstance(timer, Due):
            if self._gathering is not None:
                self._gathering.on_due(timer)
        elif not isinstance(timer, Wake):
            participant.on_timer(timer)
            if self._gathering is not None:
                self._gathering.advance(participant.height)

    def _restart(self, height: int, station: Station) -> None:
        if any(get_height(entry) != height for entry in self.wal.read()):
            self.wal.begin()
            self.executor.clear()
        self._ledger = ChainLedger(height, self._turns, self._find_certificate)
        validator = self.validator
        members = self._turns.get_validators(height).members
        others = [m.address for m in members if m.address != validator.address]
        guise = choose_guise(validator, self.executor, station, self._signer, others)
        self._disguise, transport = guise.disguise, guise.transport
        if self._gathering is not None:
            self._gathering.connect(transport, station.schedule, station.tell, self._deliver)
            transport = self._gathering
        self.participant = Participant(
            validator.address,
            self._ledger,
            self.wal,
            guise.application,
            transport,
            self._signer,
            self._verifier,
            self._timeouts,
            compute_fingerprint(),
            guise.rules,
        )
        self.participant.start()

    def _deliver(self, proposal: Proposal) -> None:
        """A proposal that was heard."""
        if self.participant is not None:
            self.participant.receive(proposal)

    def _is_sound(self, message: Wire, participant: Participant) -> bool:
        """Whether a signature holds; of heights that are not known yet only the number counts."""
        assert not isinstance(message, Status | Commit)
        if message.height > participant.height + 1:
            return True
        return self._verifier.is_signed(message)

    def _is_present(self, event: Letter | NodeTimer, height: int, station: Station) -> bool:
        validator = self.validator
        if validator.stuck or self._is_down:
            return False
        conduct = validator.conduct
        if not conduct.faults:
            return True
        if self._waiting is not None:
            self._waiting.append(event)
            return False
        if conduct.is_down(max(height, validator.head.number + 1)):
            return False
        assert self.participant is not None
        place = self.participant.height, max(0, self.participant.process.state.round)
        fault = conduct.find_absence(*place)
        if fault is None:
            return True
        self._is_down = fault.strategy is Strategy.CRASH
        self._waiting = None if self._is_down else [event]
        station.schedule(Wake(), 1000 * fault.time_ms)
        return False

    def _wake(self, station: Station) -> None:
        if self._is_down:
            self._is_down = False
            self._restart(self.validator.head.number + 1, station)
            return
        waiting, self._waiting = self._waiting or [], None
        for event in waiting:
            if isinstance(event, Letter):
                self.receive(event, station)
            else:
                self.on_timer(event, station)
