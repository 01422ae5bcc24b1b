"""The state machine as a table: each line of the algorithm, and what must not trigger it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

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
from devnet.consensus.tendermint.machine import apply
from devnet.consensus.tendermint.message import NO_ROUND
from devnet.consensus.tendermint.output import (
    Decide,
    EnterRound,
    Output,
    Propose,
    Schedule,
    SendPrecommit,
    SendPrevote,
)
from devnet.consensus.tendermint.state import State, Step
from devnet.consensus.vote import NIL

A, B = b"\xaa" * 32, b"\xbb" * 32
PROPOSE, PREVOTE, PRECOMMIT = Step.PROPOSE, Step.PREVOTE, Step.PRECOMMIT
WAITING = State(5, 2, PROPOSE)
LOCKED = State(5, 2, PROPOSE, A, 1, A, 1)
VOTED = State(5, 2, PREVOTE)
DONE = State(5, 2, PRECOMMIT)

# state, event, changed fields, outputs
Row = tuple[State, Event, dict[str, object], tuple[Output, ...]]
ROWS: dict[str, Row] = {
    "L14 the proposer makes a new value": (
        State(5), RoundEntered(0, True), {"round": 0}, (Propose(0, NIL, NO_ROUND),)
    ),
    "L16 the proposer proposes its valid value again": (
        LOCKED, RoundEntered(3, True), {"round": 3}, (Propose(3, A, 1),)
    ),
    "L21 others wait for the proposal": (
        State(5), RoundEntered(0, False), {"round": 0}, (Schedule(PROPOSE, 5, 0),)
    ),
    "L12 a round keeps locks and forgets its flags": (
        State(5, 2, PRECOMMIT, A, 1, B, 2, True, True), RoundEntered(4, False),
        {"round": 4, "step": PROPOSE, "prevote_timed": False, "precommit_timed": False},
        (Schedule(PROPOSE, 5, 4),),
    ),
    "an earlier or the same round is not entered": (WAITING, RoundEntered(2, True), {}, ()),
    "L24 a valid new value is prevoted": (
        WAITING, Proposed(A, NO_ROUND, True), {"step": PREVOTE}, (SendPrevote(2, A, NO_ROUND),)
    ),
    "L24 the locked value is prevoted, with the polka it was locked by": (
        LOCKED, Proposed(A, NO_ROUND, True), {"step": PREVOTE}, (SendPrevote(2, A, 1),)
    ),
    "L26 another value than the locked one is not": (
        LOCKED, Proposed(B, NO_ROUND, True), {"step": PREVOTE}, (SendPrevote(2, NIL, NO_ROUND),)
    ),
    "L26 an invalid value is not": (
        WAITING, Proposed(A, NO_ROUND, False), {"step": PREVOTE}, (SendPrevote(2, NIL, NO_ROUND),)
    ),
    "L30 a value with a polka since the lock is prevoted": (
        LOCKED, Proposed(B, 1, True), {"step": PREVOTE}, (SendPrevote(2, B, 1),)
    ),
    "L30 the locked value with an older polka is, with the newer one": (
        LOCKED, Proposed(A, 0, True), {"step": PREVOTE}, (SendPrevote(2, A, 1),)
    ),
    "L32 another value with an older polka is not": (
        LOCKED, Proposed(B, 0, True), {"step": PREVOTE}, (SendPrevote(2, NIL, NO_ROUND),)
    ),
    "L28 a polka of this round or a later one proves nothing": (
        WAITING, Proposed(A, 2, True), {}, ()
    ),
    "L22 a late proposal changes nothing": (VOTED, Proposed(A, NO_ROUND, True), {}, ()),
    "L34 two thirds prevoted something": (
        VOTED, PolkaAny(), {"prevote_timed": True}, (Schedule(PREVOTE, 5, 2),)
    ),
    "L34 for the first time only": (replace(VOTED, prevote_timed=True), PolkaAny(), {}, ()),
    "L34 not before the own prevote": (WAITING, PolkaAny(), {}, ()),
    "L37 a polka locks": (
        VOTED, PolkaValue(A),
        {"step": PRECOMMIT, "locked_value": A, "locked_round": 2, "valid_value": A,
         "valid_round": 2},
        (SendPrecommit(2, A),),
    ),
    "L42 a polka after the own precommit only makes valid": (
        DONE, PolkaValue(A), {"valid_value": A, "valid_round": 2}, ()
    ),
    "L36 not before the own prevote": (WAITING, PolkaValue(A), {}, ()),
    "L36 for the first time only": (replace(DONE, valid_value=A, valid_round=2),
                                    PolkaValue(A), {}, ()),
    "L44 two thirds prevoted nil": (
        VOTED, PolkaNil(), {"step": PRECOMMIT}, (SendPrecommit(2, NIL),)
    ),
    "L44 not after the own precommit": (DONE, PolkaNil(), {}, ()),
    "L47 two thirds precommitted something, in any step": (
        WAITING, PrecommitAny(), {"precommit_timed": True}, (Schedule(PRECOMMIT, 5, 2),)
    ),
    "L47 for the first time only": (replace(DONE, precommit_timed=True), PrecommitAny(), {}, ()),
    "L49 two thirds precommitted a value, in any round": (
        WAITING, PrecommitValue(1, A), {"step": Step.DECIDED}, (Decide(1, A),)
    ),
    "L57 no proposal in time": (
        WAITING, TimedOut(PROPOSE, 5, 2), {"step": PREVOTE}, (SendPrevote(2, NIL, NO_ROUND),)
    ),
    "L57 the proposal came in time": (VOTED, TimedOut(PROPOSE, 5, 2), {}, ()),
    "L61 no polka in time": (
        VOTED, TimedOut(PREVOTE, 5, 2), {"step": PRECOMMIT}, (SendPrecommit(2, NIL),)
    ),
    "L61 a polka came in time": (DONE, TimedOut(PREVOTE, 5, 2), {}, ()),
    "L65 no decision in time": (DONE, TimedOut(PRECOMMIT, 5, 2), {}, (EnterRound(3),)),
    "a timeout of another round": (WAITING, TimedOut(PROPOSE, 5, 1), {}, ()),
    "a timeout of another height": (WAITING, TimedOut(PROPOSE, 4, 2), {}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("state", "event", "changed", "outputs"), ROWS.values(), ids=ROWS)
def test_line(
    state: State, event: Event, changed: dict[str, object], outputs: tuple[Output, ...]
) -> None:
    """The new state differs in the named fields only, and nothing else is said."""
    after, said = apply(state, event)
    assert {name: value for name, value in asdict(after).items()
            if value != getattr(state, name)} == changed  # fmt: skip
    assert said == outputs
    assert [type(output) for output in said] == [type(output) for output in outputs]


VALUES = st.sampled_from([A, B])
ROUNDS = st.integers(0, 3)
EVENTS = st.lists(
    st.one_of(
        st.builds(RoundEntered, ROUNDS, st.booleans()),
        st.builds(Proposed, VALUES, st.integers(-1, 3), st.booleans()),
        st.builds(PolkaAny),
        st.builds(PolkaNil),
        st.builds(PolkaValue, VALUES),
        st.builds(PrecommitAny),
        st.builds(PrecommitValue, ROUNDS, VALUES),
        st.builds(TimedOut, st.sampled_from([PROPOSE, PREVOTE, PRECOMMIT]), st.just(5), ROUNDS),
    ),
    max_size=25,
)


@given(events=EVENTS)
def test_one_vote_a_step_and_one_decision(events: list[Event]) -> None:
    """Whatever conditions come true in whatever order: one prevote, one precommit a round."""
    state = State(5)
    said: list[Output] = []
    for event in events:
        state, outputs = apply(state, event)
        said += outputs
    for kind in (SendPrevote, SendPrecommit, Propose):
        rounds = [output.round for output in said if isinstance(output, kind)]
        assert len(rounds) == len(set(rounds)), kind
    assert sum(isinstance(output, Decide) for output in said) <= 1


@given(events=EVENTS)
def test_locks_follow_polkas_only(events: list[Event]) -> None:
    """A lock changes by a polka of the current round, never backwards; no lock is newer than it."""
    state = State(5)
    for event in events:
        after, _ = apply(state, event)
        if after.locked_round != state.locked_round:
            assert isinstance(event, PolkaValue)
            assert after.locked_round == after.round > state.locked_round
            assert after.locked_value == event.value
        assert after.locked_round <= after.valid_round <= after.round
        state = after


@given(events=EVENTS)
def test_nothing_happens_after_the_decision(events: list[Event]) -> None:
    """The height is over: no event changes the state or has an output."""
    decided, _ = apply(State(5, 1), PrecommitValue(1, A))
    for event in events:
        assert apply(decided, event) == (decided, ())
