"""Tendermint as a pure function: `apply(state, event) -> state, outputs`.

An event is a condition of algorithm 1 that has become true (`process.py` finds them among the
messages); "L28" is line 28 of the algorithm. No clock, no network, no signing.
Source: Buchman, Kwon, Milosevic 2018 (arXiv 1807.04938), page 6.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec.structs import replace

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
from devnet.consensus.tendermint.state import DECIDED, PRECOMMIT, PREVOTE, PROPOSE, State, Step
from devnet.consensus.vote import NIL

Result: TypeAlias = tuple[State, tuple[Output, ...]]
Rules: TypeAlias = Callable[[State, Event], Result]


def apply(state: State, event: Event) -> Result:
    """Next state and what to do; an event that does not apply leaves both alone."""
    if state.step is DECIDED:
        return state, ()
    match event:
        case Proposed() if state.step is PROPOSE:
            return _on_proposed(state, event)
        case PolkaValue(value=value) if state.step >= PREVOTE and state.valid_round != state.round:
            return _on_polka(state, value)
        case PrecommitValue(round=round_, value=value):  # L49-L51
            return replace(state, step=DECIDED), (Decide(round_, value),)
        case RoundEntered() if event.round > state.round:
            return _enter_round(state, event)
        case PolkaAny() if state.step is PREVOTE and not state.prevote_timed:  # L34
            timer = Schedule(PREVOTE, state.height, state.round)
            return replace(state, prevote_timed=True), (timer,)  # L35
        case PolkaNil() if state.step is PREVOTE:  # L44
            return _precommit_nil(state)  # L45-L46
        case PrecommitAny() if not state.precommit_timed:  # L47
            timer = Schedule(PRECOMMIT, state.height, state.round)
            return replace(state, precommit_timed=True), (timer,)  # L48
        case TimedOut() if (event.height, event.round) == (state.height, state.round):
            return _on_timeout(state, event.step)
    return state, ()


def _enter_round(state: State, event: RoundEntered) -> Result:
    entered = State(
        state.height,
        event.round,  # L12
        PROPOSE,  # L13
        state.locked_value,
        state.locked_round,
        state.valid_value,
        state.valid_round,
    )
    if event.is_proposer:  # L14-L19
        return entered, (Propose(event.round, state.valid_value, state.valid_round),)
    return entered, (Schedule(PROPOSE, state.height, event.round),)  # L21


def _on_proposed(state: State, event: Proposed) -> Result:
    """| proposal      | prevoted if valid and                       | lines   |
    |---------------|---------------------------------------------|---------|
    | new value     | nothing is locked, or this value is         | L22-L27 |
    | with a polka  | locked no later than it, or this value is   | L28-L33 |

    Whoever is locked on the value names that polka too, if it is newer: a precommit for another
    value before it, shown without the later one, would look like amnesia.
    """
    if event.pol_round == NO_ROUND:  # L22
        is_free = state.locked_round == NO_ROUND or state.locked_value == event.value  # L23
    elif event.pol_round < state.round:  # L28
        is_free = state.locked_round <= event.pol_round or state.locked_value == event.value  # L29
    else:
        return state, ()
    following = replace(state, step=PREVOTE)  # L27, L33
    if event.is_valid and is_free:
        own = state.locked_round if state.locked_value == event.value else NO_ROUND
        polka = max(event.pol_round, own)
        return following, (SendPrevote(state.round, event.value, polka),)  # L24, L30
    return following, (SendPrevote(state.round, NIL, NO_ROUND),)  # L26, L32


def _on_polka(state: State, value: bytes) -> Result:
    if state.step is not PREVOTE:
        return replace(state, valid_value=value, valid_round=state.round), ()  # L42-L43
    locked = State(
        state.height,
        state.round,
        PRECOMMIT,  # L41
        value,  # L38
        state.round,  # L39
        value,  # L42
        state.round,  # L43
        state.prevote_timed,
        state.precommit_timed,
    )
    return locked, (SendPrecommit(state.round, value),)  # L40


def _precommit_nil(state: State) -> Result:
    return replace(state, step=PRECOMMIT), (SendPrecommit(state.round, NIL),)


def _on_timeout(state: State, step: Step) -> Result:
    """The paper prints `prevote` in L58; a proposal is awaited in step `propose`."""
    if step is PROPOSE and state.step is PROPOSE:  # L57-L58
        return replace(state, step=PREVOTE), (SendPrevote(state.round, NIL, NO_ROUND),)  # L59-L60
    if step is PREVOTE and state.step is PREVOTE:  # L61-L62
        return _precommit_nil(state)  # L63-L64
    if step is PRECOMMIT:  # L65-L66
        return state, (EnterRound(state.round + 1),)  # L67
    return state, ()
