"""Process: one validator at one height, from messages to outputs.

Finds the conditions of the algorithm among votes and proposals, in whatever order they come, and
feeds them to the pure state machine. No clock, no network, no signing.
Source: arXiv 1807.04938, the `upon` clauses of algorithm 1.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

from devnet.consensus.tendermint.duplicate import (
    Duplicate,
    DuplicateProposal,
    DuplicateVote,
)
from devnet.consensus.tendermint.event import (
    Event,
    PolkaAny,
    PolkaNil,
    PolkaValue,
    PrecommitAny,
    PrecommitValue,
    Proposed,
    RoundEntered,
    TimedOut,
)
from devnet.consensus.tendermint.machine import Rules, apply
from devnet.consensus.tendermint.message import (
    NO_ROUND,
    Ballot,
    Message,
    Precommit,
    Prevote,
    Proposal,
)
from devnet.consensus.tendermint.output import EnterRound, Output
from devnet.consensus.tendermint.state import DECIDED, PREVOTE, PROPOSE, State
from devnet.consensus.tendermint.vote_keeper import QUORUM_VALUE, SKIP, VoteKeeper
from devnet.consensus.validator_set import ValidatorSet
from devnet.consensus.vote import NIL

MAX_PROPOSALS = 4  # of one round that are kept; more than one needs a faulty proposer
_NOTHING: tuple[Output, ...] = ()


Found: TypeAlias = Output | Duplicate


class Process:
    """Messages of one height and the state they led to."""

    __slots__ = ("_address", "_get_proposer", "_proposals", "_rules", "_valid", "keeper", "state")

    def __init__(
        self,
        address: bytes,
        height: int,
        validators: ValidatorSet,
        get_proposer: Callable[[int], bytes],
        rules: Rules = apply,
        quorum: int | None = None,
    ) -> None:
        """`rules` and `quorum` differ only where an error is planted or misbehaviour is played."""
        self.state = State(height)
        self.keeper = VoteKeeper(validators, quorum)
        self._address = address
        self._get_proposer = get_proposer
        self._rules = rules
        self._proposals: dict[int, dict[bytes, Proposal]] = {}
        self._valid: dict[bytes, bool] = {}

    def start(self) -> tuple[Found, ...]:
        """Enter round 0 (L10)."""
        return self._settle(RoundEntered(0, self._get_proposer(0) == self._address))

    def on_proposal(self, proposal: Proposal, is_valid: bool) -> tuple[Found, ...]:
        """A proposal whose value the host has checked; not by the round's proposer, no effect."""
        round_ = proposal.round
        if proposal.value == NIL or proposal.validator != self._get_proposer(round_):
            return _NOTHING
        of_round = self._proposals.setdefault(round_, {})
        found: tuple[Found, ...] = ()
        if of_round and proposal not in of_round.values():
            found = (DuplicateProposal(next(iter(of_round.values())), proposal),)
        if proposal.value not in of_round:
            if len(of_round) == MAX_PROPOSALS:
                return found
            of_round[proposal.value] = proposal
            self._valid[proposal.value] = is_valid
        state = self.state
        if state.step is DECIDED:
            return found
        if self.keeper.is_quorum(Precommit, round_, proposal.value):
            return (*found, *self._decide(round_, proposal.value))
        if round_ == state.round:
            return found + self._settle() if found else self._settle()
        if round_ > state.round and self.keeper.hear(round_, proposal.validator):
            return (*found, *self._enter(round_))
        return found

    def on_vote(self, vote: Ballot) -> tuple[Found, ...]:
        """A prevote or precommit."""
        report = self.keeper.add(vote)
        if not report:
            return _NOTHING
        found: tuple[Found, ...] = _NOTHING
        last = report[-1]
        if isinstance(last, DuplicateVote):
            found = (last,)
        if self.state.step is DECIDED:
            return found
        if vote.__class__ is Precommit and QUORUM_VALUE in report and vote.value != NIL:
            decided = self._decide(vote.round, vote.value)
            if decided:
                return found + decided
        if SKIP in report:
            return found + self._enter(vote.round)
        return found + self._settle()

    def on_timeout(self, timeout: TimedOut) -> tuple[Found, ...]:
        """A scheduled timeout is over; one of another round has no effect."""
        state = self.state
        if timeout.round != state.round or timeout.height != state.height:
            return _NOTHING
        return self._settle(timeout)

    def list_messages(self) -> tuple[Message, ...]:
        """All proposals and votes that were counted at this height."""
        proposals = tuple(
            said for of_round in self._proposals.values() for said in of_round.values()
        )
        return proposals + self.keeper.list_votes()

    def close(self) -> None:
        """The height was decided elsewhere."""
        self.state = replace(self.state, step=DECIDED)

    def copy(self) -> "Process":
        """A process that goes its own way from here."""
        other = object.__new__(Process)
        other._address, other._get_proposer = self._address, self._get_proposer
        other._rules, other.state = self._rules, self.state
        other._proposals = {r: said.copy() for r, said in self._proposals.items()}
        other._valid = self._valid.copy()
        other.keeper = self.keeper.copy()
        return other

    def _decide(self, round_: int, value: bytes) -> tuple[Found, ...]:
        """L49: needs the proposal as well."""
        if value in self._proposals.get(round_, {}) and self._valid[value]:
            return self._settle(PrecommitValue(round_, value))
        return _NOTHING

    def _enter(self, round_: int) -> tuple[Found, ...]:
        return self._settle(RoundEntered(round_, self._get_proposer(round_) == self._address))

    def _settle(self, event: Event | None = None) -> tuple[Found, ...]:
        """Feed an event and all that become true by it."""
        outputs: tuple[Output, ...] = ()
        if event is None:
            event = self._find_event()
        while event is not None:
            before = self.state
            state, new = self._rules(before, event)
            self.state = state
            event = None
            for output in new:
                if output.__class__ is EnterRound:
                    round_ = output.round
                    event = RoundEntered(round_, self._get_proposer(round_) == self._address)
                else:
                    outputs += (output,)
            if event is None and state != before:
                self.keeper.round = state.round
                event = self._find_event()
        return outputs

    def _find_event(self) -> Event | None:
        """The next condition that holds in the current round and has not had its effect."""
        state, keeper = self.state, self.keeper
        step, round_ = state.step, state.round
        if step is DECIDED:
            return None
        proposals = self._proposals.get(round_)
        if step is PROPOSE:
            for value, proposal in proposals.items() if proposals else ():
                pol = proposal.pol_round
                if pol == NO_ROUND or (
                    0 <= pol < round_ and keeper.is_quorum(Prevote, pol, value)
                ):  # L22, L28
                    return Proposed(value, pol, self._valid[value])
        elif (Prevote, round_) in keeper.reached:
            if proposals and state.valid_round != round_:
                for value in keeper.find_quorum(Prevote, round_):
                    if value in proposals and self._valid[value]:  # L36
                        return PolkaValue(value)
            if step is PREVOTE:
                if keeper.is_quorum(Prevote, round_, NIL):  # L44
                    return PolkaNil()
                if not state.prevote_timed:  # L34
                    return PolkaAny()
        if not state.precommit_timed and (Precommit, round_) in keeper.reached:  # L47
            return PrecommitAny()
        return None
