"""Faults read as they are written; what contradicts itself is refused."""

import pytest

from devnet.errors import ConfigError
from devnet.validators.faults.fault import Fault, Strategy, check_faults, parse_fault
from devnet.validators.faults.trigger import Trigger, parse_trigger


def test_forms() -> None:
    """Name, time in milliseconds, trigger."""
    assert parse_fault("drop-votes") == Fault(Strategy.DROP_VOTES)
    assert parse_fault("crash(500)@at heights 3") == Fault(
        Strategy.CRASH, parse_trigger("at heights 3"), 500
    )
    assert parse_fault("drift").host == "numpy:Nehalem"
    assert parse_fault("drift(numpy:Haswell)@at calls 1").host == "numpy:Haswell"
    assert parse_fault("delay(40)@random(0.5)") == Fault(Strategy.DELAY, Trigger(500), 40)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lie", "no fault 'lie'; there are crash, pause"),
        ("crash(soon)", "whole milliseconds"),
        ("crash@at noon", "is not of the form"),
        ("quantized", "did you mean 'quantised'"),
        ("crash@at calls 1", "calls and models pick inferences"),
        ("drift(abacus)", "no host 'abacus'"),
        ("drift(numpy", "a host stands between brackets, as in drift"),
        ("drift()", "a host stands between brackets"),
        ("wrong-bytes@at calls 1", "name models, no calls"),
        ("drift(optimized)", "did you mean 'optimised'"),
    ],
)
def test_unknown_faults_are_refused_with_what_exists(text: str, words: str) -> None:
    """The message names the remedy."""
    with pytest.raises(ConfigError, match=words):
        parse_fault(text)


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("equivocate-votes", "drop-votes", "contradict each other: nobody would get"),
        ("equivocate-proposals@at heights 3", "drop-proposals@random(0.1)", "contradict"),
        ("precommit-nil", "forget-locks", "never locks"),
        ("crash", "pause@at heights 5-", "cannot pause"),
        ("drop-votes@at rounds 0", "delay(5)", "cannot be late"),
        ("delay(5)", "delay(9)@at heights 1", "is given 2 times"),
        ("quantised", "wrong-model@at calls 2", "an inference is run in one way"),
    ],
)
def test_contradictions_are_refused_with_the_reason(first: str, second: str, words: str) -> None:
    """Where both triggers may hold, in either order."""
    pair = [parse_fault(first), parse_fault(second)]
    for faults in (pair, pair[::-1]):
        with pytest.raises(ConfigError, match=words):
            check_faults(faults)


def test_faults_at_different_places_do_not_contradict() -> None:
    """What cannot meet is fine, and so are faults about different things."""
    check_faults([parse_fault("crash@at heights 1-5"), parse_fault("pause@at heights 6-")])
    check_faults([parse_fault("equivocate-votes"), parse_fault("drop-proposals")])
    check_faults([parse_fault("equivocate-votes"), parse_fault("drop-votes@never")])
    check_faults([parse_fault("saturate@at calls 0"), parse_fault("wrong-model@at calls 1-")])
