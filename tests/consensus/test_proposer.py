"""Everybody proposes as often as its power says, in integers, whatever joins or leaves."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.proposer import WINDOW, Rotation, change_members, start_rotation
from devnet.consensus.validator_set import Member, ValidatorSet

POWERS = st.lists(st.integers(1, 50), min_size=1, max_size=8)


def build_set(*powers: int) -> ValidatorSet:
    """Members 1, 2, ... with these powers."""
    return ValidatorSet(tuple(Member(bytes([n + 1]) * 20, p) for n, p in enumerate(powers)))


def list_turns(rotation: Rotation, count: int) -> list[int]:
    """Who proposes in so many turns, by number from 1."""
    return [rotation.get_proposer(turn)[0] for turn in range(count)]


@given(powers=POWERS)
def test_turns_are_in_proportion_to_power(powers: list[int]) -> None:
    """Over as many turns as there is power, everybody has exactly its share."""
    turns = Counter(list_turns(start_rotation(build_set(*powers)), sum(powers)))
    assert turns == Counter({n + 1: power for n, power in enumerate(powers)})


@pytest.mark.parametrize(
    ("powers", "turns"),
    [
        ((1, 1, 1, 1), [1, 2, 3, 4, 1, 2, 3, 4]),
        ((1, 3), [2, 1, 2, 2, 2, 1, 2, 2]),
        ((1, 2, 3), [3, 2, 1, 3, 2, 3, 3, 2]),
    ],
)
def test_known_turns(powers: tuple[int, ...], turns: list[int]) -> None:
    """As CometBFT's procedure gives them; ties go to who comes first in the set."""
    assert list_turns(start_rotation(build_set(*powers)), len(turns)) == turns


@given(powers=POWERS, turns=st.integers(0, 60))
def test_priorities_stay_centred_and_within_the_window(powers: list[int], turns: int) -> None:
    """Their sum stays near zero, and nobody runs away."""
    rotation = start_rotation(build_set(*powers))
    for _ in range(turns):
        rotation = rotation.advance()
        assert abs(sum(rotation.priorities)) < len(powers)
        total = sum(powers)
        assert max(rotation.priorities) - min(rotation.priorities) <= (WINDOW + 1) * total


def test_who_leaves_and_joins_again_waits() -> None:
    """Coming back gains nothing: it starts behind everybody else."""
    rotation = start_rotation(build_set(10, 10, 10))
    two = change_members(rotation, ValidatorSet(build_set(10, 10, 10).members[1:]))
    back = change_members(two, build_set(10, 10, 10))
    assert 1 not in list_turns(back, 3)
    assert set(list_turns(back, 12)) == {1, 2, 3}


def test_who_stays_keeps_its_turn() -> None:
    """A change of power alone moves nobody's priority."""
    rotation = start_rotation(build_set(5, 5, 5))
    assert list_turns(change_members(rotation, build_set(5, 5, 5)), 6) == list_turns(
        rotation.advance(), 6
    )


def test_huge_and_tiny_powers_share_turns() -> None:
    """Beyond what a float can tell apart, nobody starves."""
    powers = (2**59, 1)
    rotation = start_rotation(build_set(*powers))
    assert list_turns(rotation, 5) == [1] * 5
    assert all(isinstance(priority, int) for priority in rotation.priorities)
