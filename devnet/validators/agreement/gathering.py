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

from devnet.consensus.participation.host import Transport, Wire
from devnet.consensus.tendermint.message import NO_ROUND, Proposal
from devnet.consensus.tendermint.state import Step
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import Recover
from devnet.validators.agreement.assessor import Assessor
from devnet.validators.agreement.deposition import Deposition, locate
from devnet.validators.agreement.hearing import Hearing
from devnet.validators.agreement.statement import Due, Phase, Place, Said, Sign, is_said
from devnet.validators.relay import Relay

MAX_HEARINGS = 256  # of two heights; statements about more values are dropped
_WINDOWS = 3  # parts of the time for a proposal; commitments and claims take one each


class Gathering(Relay):
    """One validator's hearings, of the height in progress and the next one."""

    def __init__(
        self,
        address: bytes,
        assessor: Assessor,
        chain_id: int,
        sign: Sign,
        recover: Recover,
        get_validators: Callable[[int], ValidatorSet],
        timeouts: Timeouts,
    ) -> None:
        self._address, self._assessor = address, assessor
        self._chain_id, self._recover = chain_id, recover
        self._get_validators, self._timeouts = get_validators, timeouts
        self._is_hidden = assessor.hides_outputs
        self._own = Deposition(address, assessor, chain_id, sign, is_hidden=self._is_hidden)
        self._hearings: dict[Place, Hearing] = {}
        self._early: list[Proposal] = []  # of the next height
        self._height = 0
        self._set_timer: Callable[[Due, int], None]
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
        self._inner, self._set_timer, self._deliver = inner, set_timer, deliver
        self._own.tell = tell
        self._hearings, self._early = {}, []

    # OUT

    def broadcast(self, message: Wire) -> None:
        """Its own proposal opens a hearing, in which it takes part as everybody does."""
        self._inner.broadcast(message)
        if not isinstance(message, Proposal) or message.validator != self._address:
            return
        hearing = self._find(locate(message))
        if hearing.proposal is not None:
            self._own.repeat(message, hearing)
        elif message.pol_round == NO_ROUND:
            self._begin(message, hearing, is_passed=True)

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
        hearing = self._find(locate(proposal))
        is_settled = self._assessor.is_settled(proposal)
        if hearing.is_over:
            return True
        if hearing.proposal is not None:
            self._own.repeat(proposal, hearing)
            return is_settled
        return not self._begin(proposal, hearing, is_passed=is_settled) or is_settled

    def advance(self, height: int) -> None:
        """The participant is at a height; what came early is heard now."""
        if height != self._height:
            self._height = height
            self._hearings = {p: known for p, known in self._hearings.items() if p[0] >= height}
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
            if hearing.proposal is not None:
                self._own.copy(hearing.proposal, hearing)
                self._look(hearing.proposal, hearing)

    def on_due(self, due: Due) -> None:
        """The time for commitments or claims is over."""
        hearing = self._hearings.get((due.height, due.round, due.value))
        if hearing is None or hearing.proposal is None or hearing.is_over:
            return
        if due.phase is Phase.CLAIMING:
            self._end(hearing.proposal, hearing)
        elif due.phase is Phase.COMMITTING:
            hearing.is_closed = True
        elif not hearing.is_showing:
            self._show(hearing.proposal, hearing)
            self._look(hearing.proposal, hearing)

    # STEPS

    def _find(self, place: Place) -> Hearing:
        return self._hearings.setdefault(place, Hearing())

    def _begin(self, proposal: Proposal, hearing: Hearing, *, is_passed: bool) -> bool:
        """Whether there is anything to hear about a proposal.

        Args:
            is_passed: whether it does not wait: only what this validator found is told.
        """
        if not self._assessor.examine(proposal):
            return False
        hearing.proposal, hearing.is_passed = proposal, is_passed
        if self._is_hidden:
            hearing.is_closed = bool(hearing.claims)  # it is late
            self._own.commit(proposal, hearing)
            window = self._compute_window_us(proposal)
            self._set_timer(Due(*locate(proposal), Phase.COMMITTING), window // 2)
            self._set_timer(Due(*locate(proposal), Phase.WAITING), window)
            self._own.copy(proposal, hearing)
        else:
            self._show(proposal, hearing)
        self._look(proposal, hearing)
        return True

    def _show(self, proposal: Proposal, hearing: Hearing) -> None:
        hearing.is_showing = hearing.is_closed = True
        self._own.claim(proposal, hearing)
        self._set_timer(Due(*locate(proposal), Phase.CLAIMING), self._compute_window_us(proposal))

    def _compute_window_us(self, proposal: Proposal) -> int:
        return self._timeouts.compute_us(Step.PROPOSE, proposal.round) // _WINDOWS

    def _look(self, proposal: Proposal, hearing: Hearing) -> None:
        """Go on if there is nobody to wait for."""
        members = self._get_validators(proposal.height)
        if hearing.is_over:
            return
        if not hearing.is_showing:
            if not hearing.has_all_commitments(members):
                return
            self._show(proposal, hearing)
        if hearing.has_all_claims(members, self._is_hidden):
            self._end(proposal, hearing)

    def _end(self, proposal: Proposal, hearing: Hearing) -> None:
        hearing.is_over = True
        if not hearing.is_passed:
            self._assessor.judge(proposal, hearing, self._get_validators(proposal.height))
            self._deliver(proposal)
