"""Participant: one validator over all heights: log, sign, buffer, catch up, repeat.

The same code runs in virtual time and between processes: time and wires are behind `Transport`,
the chain behind `Application`. Messages come in only after their signatures were checked.
"""

from devnet.consensus.participation.commit import Commit, check_commit
from devnet.consensus.participation.host import (
    Application,
    NextHeight,
    Retry,
    Status,
    Timer,
    Transport,
    Wire,
)
from devnet.consensus.participation.ledger import Ledger
from devnet.consensus.participation.signing import Signer, Verifier
from devnet.consensus.participation.wal import Received, Signed, Wal, get_height
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.machine import Rules, apply
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote, Proposal
from devnet.consensus.tendermint.output import Decide, Propose, Schedule, SendPrecommit, SendPrevote
from devnet.consensus.tendermint.process import Found, Process
from devnet.consensus.tendermint.state import Step
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.vote import NIL
from devnet.errors import BadCertificate

MAX_BUFFERED = 4_096  # messages of the next height that are kept
MAX_COMMITS = 16  # that one question is answered with


class Participant:
    """A validator's part in the protocol."""

    def __init__(
        self,
        address: bytes,
        ledger: Ledger,
        wal: Wal,
        application: Application,
        transport: Transport,
        signer: Signer,
        verifier: Verifier,
        timeouts: Timeouts,
        fingerprint: bytes = NIL,
        rules: Rules = apply,
        quorum: int | None = None,
    ) -> None:
        """Goes on from ledger and log; `rules` and `quorum` are as for `Process`."""
        self.address = address
        self._ledger, self._wal = ledger, wal
        self._application, self._transport = application, transport
        self._signer, self._verifier = signer, verifier
        self._timeouts, self._fingerprint = timeouts, fingerprint
        self._rules, self._quorum = rules, quorum
        self._buffer: list[Wire] = []
        self._seen_height = 1
        self._asked = 0  # height at which it last asked for what it misses
        self._replaying = False
        self._said: dict[tuple[type[Message], int], Message] = {}
        self._retry = Retry(0)  # the one under way
        if ledger.is_decided:
            ledger.advance()
        self.height = ledger.height
        self.process = self._open()

    # IN

    def start(self) -> None:
        """Begin the height, after a crash with all that was logged."""
        entries = tuple(e for e in self._wal.read() if get_height(e) == self.height)
        self._said = {
            (entry.message.__class__, entry.message.round): entry.message
            for entry in entries
            if isinstance(entry, Signed)
        }
        self._replaying = True
        self._schedule_retry()
        self._act(self.process.start())
        for entry in entries:
            if isinstance(entry, Received):
                self._act(self.process.on_proposal(entry.proposal, entry.is_valid))
            elif isinstance(entry, TimedOut):
                self._act(self.process.on_timeout(entry))
            elif not isinstance(entry, Signed):
                self._act(self.process.on_vote(entry))
        self._replaying = False
        for message in self._said.values():
            self._transport.broadcast(message)

    def receive(self, message: Wire) -> None:
        """A message of somebody else, its signature checked."""
        if message.height == self.height:
            kind = message.__class__
            if kind is Prevote or kind is Precommit:
                self._wal.append(message)  # type: ignore[arg-type]
                found = self.process.on_vote(message)  # type: ignore[arg-type]
                if found:
                    self._act(found)
            elif isinstance(message, Proposal):
                is_valid = self._application.is_valid(message)
                self._wal.append(Received(message, is_valid))
                self._act(self.process.on_proposal(message, is_valid))
            elif isinstance(message, Commit):
                self._adopt(message)
        elif message.height > self.height:
            self._keep(message)
        elif isinstance(message, Status):
            for height in range(message.height, min(self.height, message.height + MAX_COMMITS)):
                self._transport.send(message.validator, self._ledger.get_commit(height))

    def on_timer(self, timer: Timer) -> None:
        """A scheduled time has come."""
        if isinstance(timer, Retry):
            if timer is self._retry:
                self._schedule_retry()
                if timer.height == self.height:
                    self._repeat()
        elif timer.height != self.height:
            return
        elif isinstance(timer, TimedOut):
            self._wal.append(timer)
            self._act(self.process.on_timeout(timer))
        elif self.process.state.step is Step.DECIDED:
            self._begin_next()

    # OUT

    def _act(self, found: tuple[Found, ...]) -> None:
        for output in found:
            if isinstance(output, SendPrevote):
                self._say(
                    Prevote(self.height, output.round, output.value, output.pol_round, self.address)
                )
            elif isinstance(output, SendPrecommit):
                self._say(
                    Precommit(
                        self.height, output.round, output.value, self._fingerprint, self.address
                    )
                )
            elif isinstance(output, Schedule):
                delay = self._timeouts.compute_us(output.step, output.round)
                timer = TimedOut(output.step, output.height, output.round)
                self._transport.schedule(timer, delay)
            elif isinstance(output, Propose):
                self._propose(output)
            elif isinstance(output, Decide):
                tally = self.process.keeper.get_tally(Precommit, output.round)
                updates = self._application.commit(self.height, output.value)
                self._ledger.add(output.round, output.value, tally, updates)
                self._transport.schedule(NextHeight(self.height), self._timeouts.commit_us)
            elif isinstance(output, DuplicateVote | DuplicateProposal):
                self._transport.report(output)

    def _say(self, message: Message) -> None:
        """Sign, log, broadcast and hear oneself; what was once signed is never signed otherwise."""
        place = (message.__class__, message.round)
        said = self._said.get(place)
        is_new = said is None
        if said is None:
            said = self._said[place] = self._signer.sign(message)
            self._wal.append(Signed(said))
            if not self._replaying:
                self._transport.broadcast(said)
        if isinstance(said, Proposal):
            is_valid = is_new or self._application.is_valid(said)  # its value may be lost
            self._act(self.process.on_proposal(said, is_valid))
        else:
            self._act(self.process.on_vote(said))

    def _propose(self, output: Propose) -> None:
        value = output.value
        if value == NIL and (Proposal, output.round) not in self._said:  # getValue, L18
            value = self._application.build_value(self.height, output.round)
            if value == NIL:  # nothing to propose: the round ends as for everybody else
                self._act((Schedule(Step.PROPOSE, self.height, output.round),))
                return
        self._say(Proposal(self.height, output.round, value, output.pol_round, self.address))

    def _begin_next(self) -> None:
        self._wal.begin()
        self._ledger.advance()
        self.height = self._ledger.height
        self.process = self._open()
        self._said = {}
        self._act(self.process.start())
        if self._buffer:
            waiting, self._buffer = self._buffer, []
            for message in waiting:
                self.receive(message)
        if self._seen_height > self.height:
            self._ask()

    def _open(self) -> Process:
        rotation = self._ledger.rotation
        return Process(
            self.address,
            self.height,
            rotation.validators,
            rotation.get_proposer,
            self._rules,
            self._quorum,
        )

    # WHEN MESSAGES WERE LOST

    def _keep(self, message: Wire) -> None:
        """Keep what belongs to the next height; ask for help if others are further."""
        ahead = MAX_COMMITS if isinstance(message, Commit) else 1
        if message.height <= self.height + ahead:
            if len(self._buffer) < MAX_BUFFERED and not isinstance(message, Status):
                self._buffer.append(message)
        else:
            self._seen_height = max(self._seen_height, message.height)
            self._ask()

    def _ask(self) -> None:
        if self._asked < self.height:
            self._asked = self.height
            self._transport.broadcast(Status(self.height, self.address))

    def _schedule_retry(self) -> None:
        self._retry = Retry(self.height)
        self._transport.schedule(self._retry, self._timeouts.retry_us)

    def _repeat(self) -> None:
        """Say everything of this height again, and show the polka of the valid value."""
        state = self.process.state
        if state.step is Step.DECIDED:
            return
        self._transport.broadcast(Status(self.height, self.address))
        for message in self._said.values():
            self._transport.broadcast(message)
        if state.valid_round != NO_ROUND:
            for vote in self.process.keeper.get_prevotes(state.valid_round, state.valid_value):
                self._transport.broadcast(vote)

    def _adopt(self, commit: Commit) -> None:
        """Take over a decision that others made, if it proves itself."""
        if self.process.state.step is Step.DECIDED:
            return
        try:
            check_commit(commit, self._ledger.rotation.validators, self._verifier)
        except BadCertificate:
            return
        if not self._application.can_follow(commit.height, commit.value):
            return
        self.process.close()
        self._ledger.adopt(commit, self._application.commit(self.height, commit.value))
        self._transport.schedule(NextHeight(self.height), 0)  # it is late as it is
