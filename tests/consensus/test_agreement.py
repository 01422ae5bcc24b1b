"""Agreement as tables of steps: what each event leads to, and what it leaves behind."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.agreement import (
    Decided,
    Event,
    NextRound,
    Output,
    State,
    TimedOut,
    Voted,
    apply,
    build_certificate,
)
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import NIL, Vote

A, B = b"\xaa" * 32, b"\xbb" * 32
Step = tuple[Event, tuple[Output, ...], int, bytes, int]  # event, outputs, round, decided, votes


def build_state(*powers: int) -> State:
    """Height 3 with validators of these powers."""
    members = tuple(Member(bytes([n]) * 20, power) for n, power in enumerate(powers))
    return State(ValidatorSet(members), 3)


def vote(validator: int, block: bytes = A, round_: int = 0) -> Voted:
    """A vote, checked before it came here."""
    return Voted(Vote(round_, block, bytes([validator]) * 20, b"\xee" * 32))


NEXT = (NextRound(1),)
TABLES: dict[str, tuple[tuple[int, ...], list[Step]]] = {
    "a third vote of four decides, the fourth still counts": (
        (1, 1, 1, 1),
        [
            (vote(0), (), 0, NIL, 1),
            (vote(1), (), 0, NIL, 2),
            (vote(2), (Decided(A),), 0, A, 3),
            (vote(3), (), 0, A, 4),
        ],
    ),
    "one nil vote of four does no harm": (
        (1, 1, 1, 1),
        [
            (vote(0, NIL), (), 0, NIL, 1),
            (vote(1), (), 0, NIL, 2),
            (vote(2), (), 0, NIL, 3),
            (vote(3), (Decided(A),), 0, A, 4),
        ],
    ),
    "two nil votes of four end the round at once": (
        (1, 1, 1, 1),
        [(vote(0, NIL), (), 0, NIL, 1), (vote(1, NIL), NEXT, 1, NIL, 0)],
    ),
    "two against two cannot decide": (
        (1, 1, 1, 1),
        [
            (vote(0, A), (), 0, NIL, 1),
            (vote(1, B), (), 0, NIL, 2),
            (vote(2, A), (), 0, NIL, 3),
            (vote(3, B), NEXT, 1, NIL, 0),
        ],
    ),
    "power counts, not heads": (
        (70, 10, 10, 10),
        [(vote(1, B), (), 0, NIL, 1), (vote(0, A), (Decided(A),), 0, A, 2)],
    ),
    "exactly two thirds do not decide": (
        (2, 2, 2),
        [
            (vote(0), (), 0, NIL, 1),
            (vote(1), (), 0, NIL, 2),
            (vote(2), (Decided(A),), 0, A, 3),
        ],
    ),
    "a single validator decides alone": ((1,), [(vote(0), (Decided(A),), 0, A, 1)]),
    "nil by everybody decides nothing": ((1,), [(vote(0, NIL), NEXT, 1, NIL, 0)]),
    "the same vote twice counts once": (
        (1, 1, 1, 1),
        [(vote(0), (), 0, NIL, 1), (vote(0), (), 0, NIL, 1), (vote(0), (), 0, NIL, 1)],
    ),
    "a second vote for another block is not counted": (
        (1, 1, 1, 1),
        [(vote(0, A), (), 0, NIL, 1), (vote(0, B), (), 0, NIL, 1), (vote(1, B), (), 0, NIL, 2)],
    ),
    "votes of other rounds and of strangers are not counted": (
        (1, 1, 1, 1),
        [
            (vote(0, A, 1), (), 0, NIL, 0),
            (vote(9, A), (), 0, NIL, 0),
            (TimedOut(0), NEXT, 1, NIL, 0),
            (vote(0, A, 0), (), 1, NIL, 0),
            (vote(0, A, 1), (), 1, NIL, 1),
        ],
    ),
    "a timeout ends its own round only": (
        (1, 1, 1, 1),
        [
            (vote(0), (), 0, NIL, 1),
            (TimedOut(1), (), 0, NIL, 1),
            (TimedOut(0), NEXT, 1, NIL, 0),
            (TimedOut(0), (), 1, NIL, 0),
            (TimedOut(1), (NextRound(2),), 2, NIL, 0),
        ],
    ),
    "nothing undoes a decision": (
        (1,),
        [
            (vote(0), (Decided(A),), 0, A, 1),
            (TimedOut(0), (), 0, A, 1),
            (vote(0, B), (), 0, A, 1),
        ],
    ),
}


@pytest.mark.parametrize(("powers", "steps"), TABLES.values(), ids=TABLES)
def test_steps(powers: tuple[int, ...], steps: list[Step]) -> None:
    """Event by event: the outputs, and round, decision and votes of the new state."""
    state = build_state(*powers)
    for event, outputs, round_, decided, votes in steps:
        state, seen = apply(state, event)
        assert (seen, state.round, state.decided) == (outputs, round_, decided)
        assert len(state.votes) == votes


EVENTS = st.lists(
    st.builds(vote, st.integers(0, 4), st.sampled_from([A, B, NIL]), st.integers(0, 2))
    | st.builds(TimedOut, st.integers(0, 2)),
    max_size=15,
)


@given(events=EVENTS)
def test_apply_is_a_function_of_its_arguments(events: list[Event]) -> None:
    """Same state and event, same result; the state that went in is as it was."""
    state = build_state(1, 2, 3, 4)
    for event in events:
        before = repr(state)
        first, second = apply(state, event), apply(state, event)
        assert first == second
        assert repr(state) == before
        state = first[0]


@given(events=EVENTS, powers=st.tuples(*[st.integers(1, 5)] * 4))
def test_decision_always_has_a_quorum_and_is_announced_once(
    events: list[Event], powers: tuple[int, ...]
) -> None:
    """For any events: one `Decided` at most, and the votes of its round carry it."""
    state = build_state(*powers)
    announced: list[Output] = []
    for event in events:
        state, outputs = apply(state, event)
        announced += [output for output in outputs if isinstance(output, Decided)]
    assert len(announced) == (state.decided != NIL)
    if state.decided != NIL:
        certificate = build_certificate(state)
        power = sum(state.validators.get_power(v.validator) for v in certificate.votes)
        assert state.validators.is_quorum(power)
        assert {v.block_hash for v in certificate.votes} == {state.decided}


def test_order_of_votes_does_not_change_decision_or_certificate() -> None:
    """The certificate is in the order of the set, without the votes for something else."""
    events = [vote(0), vote(1), vote(2), vote(3, B)]
    certificates = []
    for order in permutations(events):
        state = build_state(1, 1, 1, 1)
        for event in order:
            state, _ = apply(state, event)
        assert state.decided == A
        certificates.append(build_certificate(state))
    assert len(set(certificates)) == 1
    assert [v.validator[0] for v in certificates[0].votes] == [0, 1, 2]
    assert (certificates[0].height, certificates[0].round) == (3, 0)


def test_certificate_before_the_decision_is_a_broken_invariant() -> None:
    """Asking too early is a mistake in the program."""
    with pytest.raises(AssertionError, match="before the decision"):
        build_certificate(build_state(1))
