"""Triggers read as they are written, hold where they say, and refuse what they are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.errors import ConfigError
from devnet.streams import Stream
from devnet.validators.faults.trigger import ALWAYS, FOREVER, NEVER, Trigger, parse_trigger

ANY = ((0, FOREVER),)
FORMS = {
    "always": ALWAYS,
    "never": NEVER,
    "random(0.25)": Trigger(250),
    "random(1)": ALWAYS,
    "random(0)": NEVER,
    "random(.5) at heights 3": Trigger(500, ((3, 3),)),
    "at heights 3,7-9": Trigger(1000, ((3, 3), (7, 9))),
    "always at rounds 0-1": Trigger(1000, ANY, ((0, 1),)),
    "at heights 5-": Trigger(1000, ((5, FOREVER),)),
    "random(0.001) at heights 1-2 at rounds 0": Trigger(1, ((1, 2),), ((0, 0),)),
    "at rounds 1 at heights 2": Trigger(1000, ((2, 2),), ((1, 1),)),
    "at calls 0,2-": Trigger(1000, ANY, ANY, ((0, 0), (2, FOREVER))),
    "random(0.5) at models 0xb1f2,bafk at heights 3": Trigger(
        500, ((3, 3),), ANY, ANY, ("b1f2", "bafk")
    ),
    "height>=5": Trigger(1000, ((5, FOREVER),)),
}


@pytest.mark.parametrize(("text", "trigger"), FORMS.items())
def test_forms(text: str, trigger: Trigger) -> None:
    """Chance first, then places in any order."""
    assert parse_trigger(text) == trigger


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not of the form"),
        ("sometimes", "is not of the form"),
        ("random(1.5)", "at most 1"),
        ("random(0.0001)", "is not of the form"),
        ("always always", "is not of the form"),
        ("at heights", "is not of the form"),
        ("at heights 9-7", "ends before it begins"),
        ("at heights 1,,2", "neither N, N-M nor N-"),
        ("at heights -3", "neither N, N-M nor N-"),
        ("at models ", "is not of the form"),
        ("at models a,,b", "does not begin a model id"),
        ("at calls x", "is not of the form"),
        ("at heights 3 at heights 5", "heights are given twice; join them by commas"),
        ("at models zz", "'zz' does not begin a model id"),
        ("at models bafy", "'bafy' does not begin a model id"),
        ("height>3", "or height>=N"),
    ],
)
def test_other_texts_are_refused_with_the_form(text: str, words: str) -> None:
    """The message shows what was read."""
    with pytest.raises(ConfigError, match=words):
        parse_trigger(text)


@given(height=st.integers(0, 20), round_=st.integers(0, 5))
def test_trigger_holds_in_its_places_only(height: int, round_: int) -> None:
    """Heights and rounds both have to fit."""
    trigger = parse_trigger("at heights 3,7-9 at rounds 1-")
    held = trigger.is_active(height, round_, Stream(0))
    assert held == ((height == 3 or 7 <= height <= 9) and round_ >= 1)


def test_chance_is_that_of_the_seed() -> None:
    """A quarter of the draws, the same ones for the same seed."""
    draws = [
        [Trigger(250).is_active(1, 0, stream) for _ in range(4_000)]
        for stream in (Stream(1, "t"), Stream(1, "t"), Stream(2, "t"))
    ]
    assert draws[0] == draws[1] != draws[2]
    assert 900 < sum(draws[0]) < 1_100


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("always", "always", True),
        ("always", "never", False),
        ("at heights 1-5", "at heights 5-9", True),
        ("at heights 1-4", "at heights 5-9", False),
        ("at heights 1-5 at rounds 0", "at heights 3 at rounds 1-", False),
        ("random(0.1)", "at heights 3", True),
        ("at calls 0", "at calls 1-", False),
        ("at models b1f2", "at models b1", True),
        ("at models b1f2", "at models c0", False),
        ("at models b1f2", "always", True),
    ],
)
def test_overlap_is_a_common_place(one: str, other: str, meet: bool) -> None:
    """Symmetric, and chance does not matter."""
    first, second = parse_trigger(one), parse_trigger(other)
    assert first.overlaps(second) == second.overlaps(first) == meet


def test_calls_and_models_pick_inferences() -> None:
    """By number in the block, and by the beginning of an id."""
    model_id = bytes.fromhex("b1f2" + "00" * 30)
    trigger = parse_trigger("at calls 1 at models b1f2,cc")
    assert trigger.is_for_calls
    assert not ALWAYS.is_for_calls
    assert [trigger.picks(call, model_id) for call in range(3)] == [False, True, False]
    assert not trigger.picks(1, bytes(32))
    assert ALWAYS.picks(7, model_id)
