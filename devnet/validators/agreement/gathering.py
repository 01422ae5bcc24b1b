"""Gathering: claims of all validators come before the vote, where the chain's rule counts them.

Stands between a participant and its transport. A proposal waits here, for less than the time that
it may take, until all have said what they found; who says nothing in time has no claim.

| rule asks for | the proposal comes | then       | then                         | then is judged |
|---------------|--------------------|------------|------------------------------|----------------|
| claims        | with outputs       |            | digests are told             | by the rule    |
| commitments   | without outputs    | all commit | digests, salts, and by the   | by the rule    |
|               |                    |            | proposer outputs are told    |                |
"""

from collections.abc import Callable

from devnet.consensus.agreement import Agreement
from devnet.consensus.participation.host import Timer, Transport, Wire
from devnet.consensus.rules.commit_reveal import compute_commitment
from devnet.consensus.rules.rule import Exchange
from devnet.consensus.tendermint.duplicate import Duplicate
from devnet.consensus.tendermint.message import NO_ROUND, Proposal
from devnet.consensus.tendermint.state import Step
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import Recover
from devnet.validators.agreement.assessor import Assessor
from devnet.validators.agreement.hearing import Hearing
from devnet.validators.agreement.statement import (
    Claimed,
    Committed,
    Due,
    Phase,
    Place,
    Said,
    Sign,
    is_said,
    sign_said,
)

MAX_HEARINGS = 256  # of two heights; statements about more values are dropped
_WINDOWS = 3  # parts of the time for a proposal; commitments and claims take one each


class Gathering:
    """One validator's hearings, of the height in progress and the next one."""

    def __init__(
        self,
        address: bytes,
        agreement: Agreement,
        assessor: Assessor,
        chain_id: int,
        sign: Sign,
        recover: Recover,
        get_validators: Callable[[int], ValidatorSet],
        timeouts: Timeouts,
    ) -> None:
        self._address, self._agreement, self._assessor = address, agreement, assessor
        self._chain_id, self._sign, self._recover = chain_id, sign, recover
        self._get_validators, self._timeouts = get_validators, timeouts
        self._hearings: dict[Place, Hearing] = {}
        self._proposals: dict[Place, Proposal] = {}
        self._early: list[Proposal] = []  # of the next height
        self._height = 0
        self._inner: Transport
        self._set_timer: Callable[[Due, int], None]
        self._tell: Callable[[Said, bytes | None], None]
        self._deliver: Callable[[Proposal], None]

    def connect(
        self,
        inner: Transport,
        set_timer: Callable[[Due, int], None],
        tell: Callable[[Said, bytes | None], None],
        deliver: Callable[[Proposal], None],
    ) -> None:
        """Begin anew.

        Args:
            tell: to all others; with the outputs of a value's block, if one is named.
            deliver: takes a proposal that has been heard.
        """
        self._inner, self._set_timer = inner, set_timer
        self._tell, self._deliver = tell, deliver
        self._hearings, self._proposals, self._early = {}, {}, []

    # OUT

    def broadcast(self, message: Wire) -> None:
        """Its own proposal opens a hearing, in which it takes part as everybody does."""
        self._inner.broadcast(message)
        if not isinstance(message, Proposal) or message.validator != self._address:
            return
        place = (message.height, message.round, message.value)
        if self._find(place).is_open:
            self._repeat(place)
        elif message.pol_round == NO_ROUND:
            self._begin(message, place, is_passed=True)

    def send(self, to: bytes, message: Wire) -> None:
        self._inner.send(to, message)

    def schedule(self, timer: Timer, delay_us: int) -> None:
        self._inner.schedule(timer, delay_us)

    def report(self, duplicate: Duplicate) -> None:
        self._inner.report(duplicate)

    # IN

    def is_ready(self, proposal: Proposal, height: int) -> bool:
        """Whether the participant may have a proposal now; if not, it gets it later.

        Args:
            height: that the participant is at.
        """
        if proposal.height == height + 1:
            if len(self._early) < MAX_HEARINGS:
                self._early.append(proposal)
            return False
        if proposal.height != height:
            return True
        if proposal.pol_round != NO_ROUND:  # more than two thirds have heard enough
            self._assessor.trust(proposal)
            return True
        place = (proposal.height, proposal.round, proposal.value)
        hearing, is_settled = self._find(place), self._assessor.is_settled(proposal)
        if hearing.is_over:
            return True
        if hearing.is_open:
            self._repeat(place)
            return is_settled
        return not self._begin(proposal, place, is_passed=is_settled) or is_settled

    def advance(self, height: int) -> None:
        """The participant is at a height; what came early is heard now."""
        if height != self._height:
            self._height = height
            self._hearings = {p: known for p, known in self._hearings.items() if p[0] >= height}
            self._proposals = {p: known for p, known in self._proposals.items() if p[0] >= height}
            early, self._early = self._early, []
            for proposal in early:
                if self.is_ready(proposal, height):
                    self._deliver(proposal)

    def hear(self, said: Said) -> None:
        """Somebody's statement."""
        members = self._get_validators(said.height)
        if not members.get_power(said.validator) or not is_said(
            said, self._chain_id, self._recover
        ):
            return
        place = (said.height, said.round, said.value)
        if place in self._hearings or len(self._hearings) < MAX_HEARINGS:
            hearing = self._find(place)
            hearing.take(said)
            if hearing.is_open:
                self._copy(place, said)
                self._look(place)

    def on_due(self, due: Due) -> None:
        """The time for commitments or claims is over."""
        place = (due.height, due.round, due.value)
        hearing = self._hearings.get(place)
        if hearing is None or not hearing.is_open or hearing.is_over:
            return
        if due.phase is Phase.CLAIMING:
            self._end(place)
        elif due.phase is Phase.COMMITTING:
            hearing.is_closed = True
        elif not hearing.is_showing:
            self._show(place)
            self._look(place)

    # STEPS

    def _find(self, place: Place) -> Hearing:
        return self._hearings.setdefault(place, Hearing())

    @property
    def _is_hidden(self) -> bool:
        return self._agreement.exchange is Exchange.COMMITMENTS

    def _begin(self, proposal: Proposal, place: Place, *, is_passed: bool) -> bool:
        """Whether there is anything to hear about a proposal.

        Args:
            is_passed: whether it does not wait: only what this validator found is told.
        """
        if not self._assessor.examine(proposal):
            return False
        hearing = self._find(place)
        hearing.is_open, hearing.is_passed = True, is_passed
        self._proposals[place] = proposal
        if self._is_hidden:
            hearing.is_closed = bool(hearing.claims)  # it is late
            self._commit(place)
            window = self._compute_window_us(place)
            self._set_timer(Due(*place, Phase.COMMITTING), window // 2)
            self._set_timer(Due(*place, Phase.WAITING), window)
            copied = self._assessor.is_copying(proposal)
            for said in [*self._list_heard(place, proposal.validator)] if copied else ():
                self._copy(place, said)
        else:
            self._show(place)
        self._look(place)
        return True

    def _commit(self, place: Place) -> None:
        proposal = self._proposals[place]
        digests, salt = self._assessor.get_digests(proposal), self._assessor.get_salt(proposal)
        if digests:
            commitments = tuple(compute_commitment(d, self._address, salt) for d in digests)
            self._say(Committed(*place, commitments, self._address))

    def _show(self, place: Place) -> None:
        """Tell its own digests; the proposer shows its outputs with them."""
        proposal, hearing = self._proposals[place], self._hearings[place]
        hearing.is_showing = hearing.is_closed = True
        digests = self._assessor.get_digests(proposal)
        if digests and (not self._is_hidden or self._address in hearing.commitments):
            salt = self._assessor.get_salt(proposal) if self._is_hidden else b""
            self._say(Claimed(*place, digests, self._address, salt))
        self._set_timer(Due(*place, Phase.CLAIMING), self._compute_window_us(place))

    def _say(self, said: Said) -> None:
        signed = sign_said(said, self._chain_id, self._sign)
        self._hearings[said.height, said.round, said.value].take(signed)
        self._send(signed)

    def _send(self, said: Said) -> None:
        proposal = self._proposals[said.height, said.round, said.value]
        shows = isinstance(said, Claimed) and proposal.validator == self._address
        self._tell(said, said.value if shows and self._is_hidden else None)

    def _repeat(self, place: Place) -> None:
        """Say again what it has said: it may have been lost."""
        hearing = self._hearings[place]
        claim = hearing.claims.get(self._address)
        commitments = hearing.commitments.get(self._address)
        if commitments is not None:
            said = Committed(*place, commitments, self._address)
            self._send(sign_said(said, self._chain_id, self._sign))
        if claim is not None:
            self._send(claim)

    def _copy(self, place: Place, said: Said) -> None:
        """What a lazy validator does: it says what the proposer says, as if it had found it."""
        proposal, hearing = self._proposals[place], self._hearings[place]
        if said.validator != proposal.validator or not self._assessor.is_copying(proposal):
            return
        if isinstance(said, Claimed) and self._address not in hearing.claims:
            self._say(Claimed(*place, said.digests, self._address, said.salt))
        elif isinstance(said, Committed) and self._address not in hearing.commitments:
            self._say(Committed(*place, said.commitments, self._address))

    def _list_heard(self, place: Place, validator: bytes) -> list[Said]:
        hearing = self._hearings[place]
        heard: list[Said] = []
        if validator in hearing.commitments:
            heard.append(Committed(*place, hearing.commitments[validator], validator))
        if validator in hearing.claims:
            heard.append(hearing.claims[validator])
        return heard

    def _compute_window_us(self, place: Place) -> int:
        return self._timeouts.compute_us(Step.PROPOSE, place[1]) // _WINDOWS

    def _look(self, place: Place) -> None:
        """Go on if there is nobody to wait for."""
        hearing, members = self._hearings[place], self._get_validators(place[0])
        if hearing.is_over:
            return
        if not hearing.is_showing:
            if not hearing.has_all_commitments(members):
                return
            self._show(place)
        if hearing.has_all_claims(members, self._is_hidden):
            self._end(place)

    def _end(self, place: Place) -> None:
        hearing, proposal = self._hearings[place], self._proposals[place]
        hearing.is_over = True
        if not hearing.is_passed:
            self._assessor.judge(proposal, hearing, self._get_validators(place[0]))
            self._deliver(proposal)
