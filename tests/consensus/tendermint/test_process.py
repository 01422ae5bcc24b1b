"""A process finds what has become true among messages, in whatever order they come."""

from collections.abc import Sequence
from itertools import permutations

import pytest

from devnet.consensus.blame.evidence import Amnesia
from devnet.consensus.blame.fork import find_evidence
from devnet.consensus.tendermint.duplicate import DuplicateProposal
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote, Proposal
from devnet.consensus.tendermint.output import (
    Decide,
    Propose,
    Schedule,
    SendPrecommit,
    SendPrevote,
)
from devnet.consensus.tendermint.process import Found, Process
from devnet.consensus.tendermint.state import Step
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import NIL

A, B = b"\xaa" * 32, b"\xbb" * 32
ADDRESSES = [bytes([n]) * 20 for n in range(4)]
VALIDATORS = ValidatorSet(tuple(Member(address, 1) for address in ADDRESSES))


def start(node: int = 3) -> Process:
    """Validator `node` of four at height 1; validator r proposes in round r."""
    process = Process(ADDRESSES[node], 1, VALIDATORS, lambda round_: ADDRESSES[round_ % 4])
    process.start()
    return process


def proposal(value: bytes = A, round_: int = 0, pol: int = NO_ROUND) -> Proposal:
    """By the round's proposer."""
    return Proposal(1, round_, value, pol, ADDRESSES[round_ % 4])


def prevote(node: int, value: bytes = A, round_: int = 0) -> Prevote:
    """A prevote."""
    return Prevote(1, round_, value, NO_ROUND, ADDRESSES[node])


def precommit(node: int, value: bytes = A, round_: int = 0) -> Precommit:
    """A precommit."""
    return Precommit(1, round_, value, NIL, ADDRESSES[node])


def feed(process: Process, messages: Sequence[Message]) -> list[Found]:
    """All outputs of all messages, values being valid."""
    found: list[Found] = []
    for message in messages:
        if isinstance(message, Proposal):
            found += process.on_proposal(message, True)
        else:
            found += process.on_vote(message)
    return found


def test_decision_follows_in_any_order_of_messages() -> None:
    """Proposal and three precommits decide, whichever comes last (L49)."""
    messages: list[Message] = [proposal(), precommit(0), precommit(1), precommit(2)]
    for order in permutations(messages):
        assert feed(start(), order)[-1] == Decide(0, A)


def test_lock_follows_in_any_order_of_messages() -> None:
    """Proposal, own prevote and a polka lock once all are there (L36)."""
    messages: list[Message] = [proposal(), prevote(0), prevote(1), prevote(3)]
    for order in permutations(messages):
        process = start()
        assert SendPrecommit(0, A) in feed(process, order)
        assert (process.state.locked_value, process.state.locked_round) == (A, 0)


def test_proposal_with_a_polka_waits_for_the_polka() -> None:
    """L28 needs two thirds of the prevotes of the round that the proposal names."""
    process = start()
    feed(process, [precommit(n, NIL) for n in range(3)])
    process.on_timeout(TimedOut(Step.PRECOMMIT, 1, 0))
    assert process.state.round == 1
    assert feed(process, [proposal(A, 1, 0), prevote(0), prevote(1)]) == []
    assert feed(process, [prevote(2)]) == [SendPrevote(1, A, 0)]


def test_third_of_the_power_ahead_is_followed() -> None:
    """f+1 messages of a later round take a validator there, a proposal among them (L55)."""
    process = start()
    assert feed(process, [prevote(0, A, 5)]) == []
    assert feed(process, [proposal(A, 5)])[0] == Schedule(Step.PROPOSE, 1, 5)
    assert process.state.round == 5


def test_proposer_of_a_skipped_round_proposes() -> None:
    """Whoever arrives in its own round makes the proposal (L14)."""
    assert feed(start(), [prevote(0, A, 3), prevote(1, A, 3)]) == [Propose(3, NIL, NO_ROUND)]


def test_conditions_met_before_a_round_count_when_it_begins() -> None:
    """Votes that came early are looked at on arrival in their round (L34, L47)."""
    process = start()
    feed(process, [prevote(0, NIL, 1), prevote(1, NIL, 1)])
    found = feed(process, [proposal(A, 1), prevote(2, NIL, 1)])
    assert found == [SendPrevote(1, A, NO_ROUND), SendPrecommit(1, NIL)]


def test_proposal_of_a_stranger_to_the_round_has_no_effect() -> None:
    """Only the proposer of a round proposes, and never nil."""
    process = start()
    assert process.on_proposal(Proposal(1, 0, A, NO_ROUND, ADDRESSES[1]), True) == ()
    assert process.on_proposal(proposal(NIL), True) == ()
    assert process.state.step is Step.PROPOSE


def test_invalid_value_is_neither_prevoted_nor_locked_nor_decided() -> None:
    """L23, L36 and L50 all ask for validity."""
    process = start()
    assert process.on_proposal(proposal(), False) == (SendPrevote(0, NIL, NO_ROUND),)
    found = feed(process, [*map(prevote, range(3)), *map(precommit, range(3))])
    assert not any(isinstance(output, SendPrecommit | Decide) and output.value == A
                   for output in found)  # fmt: skip


def test_second_proposal_is_evidence_and_may_still_win() -> None:
    """An equivocating proposer is named; two thirds for its second value decide."""
    process = start()
    feed(process, [proposal(A)])
    assert process.on_proposal(proposal(B), True) == (DuplicateProposal(proposal(A), proposal(B)),)
    assert feed(process, [precommit(n, B) for n in range(3)])[-1] == Decide(0, B)


def test_what_was_counted_can_be_judged() -> None:
    """A validator that precommitted one value and prevotes another without a polka is found."""
    process = start()
    feed(process, [proposal(), prevote(0), precommit(0), prevote(0, B, 1), prevote(1, B, 1)])
    evidence = find_evidence(process.list_messages())
    assert evidence == (Amnesia(precommit(0), prevote(0, B, 1)),)


def test_copy_goes_its_own_way() -> None:
    """What happens to a copy leaves the original alone."""
    process = start()
    feed(process, [proposal(), prevote(0), prevote(1)])
    before = process.state
    other = process.copy()
    feed(other, [prevote(2), precommit(0), precommit(1), precommit(2)])
    assert other.state.step is Step.DECIDED
    assert process.state == before
    assert not process.keeper.is_quorum(Prevote, 0, A)


@pytest.mark.parametrize("step", [Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT])
def test_nothing_is_said_after_the_decision(step: Step) -> None:
    """Late messages and timeouts of a decided height change nothing."""
    process = start()
    feed(process, [proposal(), *map(precommit, range(3))])
    assert process.on_timeout(TimedOut(step, 1, 0)) == ()
    assert feed(process, [prevote(0), prevote(1), prevote(2), precommit(3)]) == []
