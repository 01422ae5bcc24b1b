"""Behaviours are read as they are written, and what contradicts itself is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.errors import ConfigError
from devnet.streams import Stream
from devnet.validators.faults.fault import Fault, Strategy
from devnet.validators.faults.trigger import FOREVER, Trigger
from devnet.validators.misbehaviour import HONEST, Behavior, parse_behavior
from precompiles.engine.foreign.host import DEFAULT


@given(
    strategy=st.sampled_from(Strategy),
    height=st.integers(0, 10**12),
    asked=st.integers(0, 10**12),
)
def test_behavior_reads_back_and_holds_from_its_height(
    strategy: Strategy, height: int, asked: int
) -> None:
    """`strategy@height>=N` is the text of a behaviour; before N it is honest."""
    text = f"{strategy.value}@height>={height}"
    behavior = parse_behavior(text)
    assert str(behavior) == text
    host = DEFAULT if strategy is Strategy.DRIFT else ""
    assert behavior.faults == (Fault(strategy, Trigger(heights=((height, FOREVER),)), host=host),)
    assert behavior.faults[0].trigger.is_active(asked, 0, Stream(0)) == (asked >= height)


def test_behavior_without_trigger_holds_at_once() -> None:
    """The plain word is the whole behaviour."""
    assert parse_behavior("crash") == Behavior("crash", (Fault(Strategy.CRASH),))
    assert parse_behavior("honest") is HONEST
    assert HONEST.is_honest
    assert not parse_behavior("crash@never").is_honest
    assert str(parse_behavior("wrong-model")) == "wrong-model"


def test_an_engine_is_no_fault() -> None:
    """Whoever runs another client is honest; with a fault beside it, it is not."""
    assert HONEST.engine == "py-evm"
    eels = parse_behavior("engine:eels:/opt/eels/bin/python")
    assert (eels.engine, eels.is_honest) == ("eels:/opt/eels/bin/python", True)
    both = parse_behavior("lazy + engine:eels")
    assert (both.engine, both.is_honest, str(both)) == ("eels", False, "lazy + engine:eels")


def test_several_faults_are_joined() -> None:
    """Each with its own time, target and trigger."""
    address = "0x" + "5f" * 20
    text = f"drop-votes@random(0.3) at heights 2-4 + crash(500)@at rounds 1 + censor({address})"
    first, second, third = parse_behavior(text).faults
    assert first == Fault(Strategy.DROP_VOTES, Trigger(300, ((2, 4),)))
    assert (second.strategy, second.time_ms, second.is_timed) == (Strategy.CRASH, 500, True)
    assert third.target == b"\x5f" * 20
    assert parse_behavior(str(parse_behavior(text))) == parse_behavior(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("liar", "no behavior 'liar'; there are honest, crash, pause, equivocate-votes"),
        ("CRASH", "no behavior 'CRASH'; there are honest, crash"),
        ("", "behavior '' is not of the form strategy"),
        ("crash@", "is not of the form strategy"),
        ("engine:geth", "no engine 'geth'; there are py-evm, eels"),
        ("engine:eel", "no engine 'eel'; did you mean 'eels'"),
        ("engine:", "no engine ''; there are py-evm, eels"),
        ("engine:py-evm:/usr/bin/python3", "only eels takes a Python"),
        ("engine:eels@height>=3", "an engine takes no trigger"),
        ("engine:eels + engine:py-evm", "one engine executes blocks, 2 given"),
        ("crash + ", "is not of the form strategy"),
        ("crash@height=5", "trigger 'height=5' is not of the form"),
        ("crash@height>=-1", "is not of the form"),
        ("crash@height>=x", "is not of the form"),
        ("honest@height>=3", "'honest' stands alone"),
        ("honest + lazy", "'honest' stands alone"),
        ("lazy(500)", "'lazy' takes no time"),
        ("crash(soon)", "the time is whole milliseconds"),
        ("censor(0x12)", "what is censored is an address"),
        ("crash + pause", "'crash' and 'pause' contradict each other"),
        ("drop-votes + equivocate-votes", "contradict each other"),
        ("lazy + lazy@height>=4", "'lazy' is given 2 times"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(text: str, words: str) -> None:
    """The message lists the strategies, or says what contradicts what."""
    with pytest.raises(ConfigError) as refusal:
        parse_behavior(text)
    assert words in str(refusal.value)
