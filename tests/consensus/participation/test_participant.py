"""A participant keeps its word over crashes, catches up, and goes on by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from devnet.consensus.blame.evidence import is_same_content
from devnet.consensus.participation.commit import Commit
from devnet.consensus.participation.host import NextHeight, Retry, Status
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote, Proposal
from devnet.consensus.tendermint.state import Step
from devnet.consensus.vote import NIL

if TYPE_CHECKING:
    from tests.consensus.participation.conftest import Bench

A, B = b"\xaa" * 32, b"\xbb" * 32
WHO = [bytes([n + 1]) * 20 for n in range(4)]
Event = Message | TimedOut | NextHeight


def decide(height: int, value: bytes, proposer: int, round_: int = 0) -> list[Message]:
    """What validators 0 to 2 say when they decide."""
    votes: list[Message] = [Proposal(height, round_, value, NO_ROUND, WHO[proposer])]
    votes += [Prevote(height, round_, value, NO_ROUND, WHO[n]) for n in range(3)]
    votes += [Precommit(height, round_, value, NIL, WHO[n]) for n in range(3)]
    return votes


STORY: list[Event] = [
    Prevote(1, 0, A, NO_ROUND, WHO[0]),
    TimedOut(Step.PROPOSE, 1, 0),
    Proposal(1, 0, A, NO_ROUND, WHO[0]),
    Prevote(1, 0, A, NO_ROUND, WHO[1]),
    Prevote(1, 0, NIL, NO_ROUND, WHO[2]),
    TimedOut(Step.PREVOTE, 1, 0),
    Precommit(1, 0, NIL, NIL, WHO[0]),
    Precommit(1, 0, NIL, NIL, WHO[1]),
    TimedOut(Step.PRECOMMIT, 1, 0),
    Prevote(1, 3, NIL, NO_ROUND, WHO[0]),
    Prevote(1, 3, NIL, NO_ROUND, WHO[1]),  # round 3 is our turn to propose
    Prevote(1, 3, A, NO_ROUND, WHO[2]),
    TimedOut(Step.PREVOTE, 1, 3),
    Precommit(1, 3, NIL, NIL, WHO[0]),
    Precommit(1, 3, NIL, NIL, WHO[2]),
    TimedOut(Step.PRECOMMIT, 1, 3),
    *decide(1, B, 0, round_=4),
    NextHeight(1),
    Proposal(2, 0, B, NO_ROUND, WHO[1]),
    Prevote(2, 0, B, NO_ROUND, WHO[0]),
]


def play(bench: Bench, events: list[Event], by: Callable[[Message], Message]) -> None:
    """Hand events in."""
    for event in events:
        if isinstance(event, TimedOut | NextHeight):
            bench.participant.on_timer(event)
        else:
            bench.participant.receive(by(event))


def contradict(messages: list[Message]) -> bool:
    """Whether two messages for one place differ."""
    return any(
        (type(a), a.height, a.round) == (type(b), b.height, b.round) and not is_same_content(a, b)
        for a in messages
        for b in messages
    )


def test_crash_at_any_point_contradicts_nothing(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """Cut the power before any send or timer of the story, restart, hand in the rest."""
    untouched = bench()
    untouched.participant.start()
    play(untouched, STORY, by)
    calls = 10**9 - untouched.wire.calls_left
    assert calls > 15
    for cut in range(1, calls):
        one = bench()
        one.wire.calls_left = cut
        position = 0
        try:
            one.participant.start()
            for position in range(len(STORY)):
                play(one, STORY[position : position + 1], by)
        except one.Crash:
            one.restart()
            play(one, STORY[position:], by)
        assert not contradict(one.said()), cut
        assert one.participant.process.state == untouched.participant.process.state, cut
        assert one.participant.height == 2


def test_replay_gives_the_same_state_after_every_event(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """Restart after each event: state and tallies are what they were, nothing is said anew."""
    one = bench()
    one.participant.start()
    for event in STORY:
        play(one, [event], by)
        if one.participant.process.state.step is Step.DECIDED:
            continue
        state, said = one.participant.process.state, one.said()
        one.restart()
        assert one.participant.process.state == state
        assert all(message in said for message in one.said())


def test_proposal_made_before_a_crash_is_made_again(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """Though the chain would build another value now."""
    one = bench(0)
    one.participant.start()
    one.restart()
    proposals = [m for m in one.said() if isinstance(m, Proposal)]
    assert len(proposals) == 2
    assert proposals[0] == proposals[1]


def test_decision_is_handed_to_the_chain_once_and_the_next_height_begins(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """Also if the crash comes between the two."""
    one = bench()
    one.participant.start()
    play(one, list(decide(1, A, 0)), by)
    assert one.chain.decided == [A]
    one.restart()
    assert (one.participant.height, one.chain.decided) == (2, [A])


def test_early_messages_of_the_next_height_are_kept(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """They count as soon as the height begins."""
    one = bench()
    one.participant.start()
    play(one, [*decide(2, B, 1), *decide(1, A, 0), NextHeight(1)], by)
    assert one.chain.decided == [A, B]


def test_lagging_validator_takes_over_sound_commits_only(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """Too little power, a forged vote or another height: refused; a sound one decides."""
    one = bench()
    one.participant.start()
    votes = [by(Precommit(1, 2, A, NIL, WHO[n])) for n in range(3)]
    precommits = tuple(vote for vote in votes if isinstance(vote, Precommit))
    forged = Precommit(1, 2, A, NIL, WHO[2], precommits[1].signature)
    one.participant.receive(Commit(1, 2, A, precommits[:2]))
    one.participant.receive(Commit(1, 2, A, (*precommits[:2], forged)))
    one.participant.receive(Commit(1, 2, B, precommits))
    assert one.chain.decided == []
    one.participant.receive(Commit(1, 2, A, precommits))
    assert one.chain.decided == [A]
    assert one.ledger.get_commit(1).precommits == precommits


def test_far_ahead_message_makes_it_ask_and_an_answer_comes(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """One question a height; whoever is ahead answers with what it has decided."""
    one, other = bench(), bench(2)
    for each in (one, other):
        each.participant.start()
    play(other, [*decide(1, A, 0), NextHeight(1), *decide(2, B, 1), NextHeight(2)], by)
    play(one, [Prevote(3, 0, A, NO_ROUND, WHO[2]), Prevote(3, 0, A, NO_ROUND, WHO[1])], by)
    asked = [m for _, m in one.wire.sent if isinstance(m, Status)]
    assert asked == [Status(1, WHO[3])]
    other.participant.receive(asked[0])
    answers = [(to, m) for to, m in other.wire.sent if isinstance(m, Commit)]
    assert [(to, m.height) for to, m in answers] == [(WHO[3], 1), (WHO[3], 2)]
    for _, commit in answers:
        one.participant.receive(commit)
        one.participant.on_timer(NextHeight(commit.height))
    assert one.chain.decided == [A, B]


def test_all_is_said_again_when_nothing_moves(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """Own messages and the polka of the valid value, on the newest retry timer only."""
    one = bench()
    one.participant.start()
    play(one, list(decide(1, A, 0)[:4]), by)
    retry = one.wire.timers[0]
    assert isinstance(retry, Retry)
    one.wire.sent.clear()
    one.participant.on_timer(Retry(1))
    assert one.wire.sent == []
    one.participant.on_timer(retry)
    again = [m for _, m in one.wire.sent]
    assert Status(1, WHO[3]) in again
    assert {m.validator for m in again if isinstance(m, Prevote)} == set(WHO)
    assert any(isinstance(m, Precommit) for m in again)


def test_change_of_the_set_holds_two_heights_later(
    bench: Callable[..., Bench], by: Callable[[Message], Message]
) -> None:
    """What height 1 decides changes the members of height 3."""
    one = bench()
    one.chain.updates[1] = (Update(WHO[0], 10),)
    one.participant.start()
    play(one, [*decide(1, A, 0), NextHeight(1)], by)
    assert one.ledger.rotation.validators.total_power == 4
    play(one, [*decide(2, B, 1), NextHeight(2)], by)
    assert one.ledger.rotation.validators.total_power == 13


@pytest.mark.parametrize("value", [b"\xee" * 32])
def test_invalid_value_gets_nil(
    bench: Callable[..., Bench], by: Callable[[Message], Message], value: bytes
) -> None:
    """What the chain refuses is not prevoted."""
    one = bench()
    one.participant.start()
    play(one, [Proposal(1, 0, value, NO_ROUND, WHO[0])], by)
    assert [m.value for m in one.said() if isinstance(m, Prevote)] == [NIL]
