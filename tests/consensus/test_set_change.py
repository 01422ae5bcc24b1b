"""Changes of the set keep order, remove, add, and refuse what cannot be."""

import pytest

from devnet.consensus.set_change import MAX_TOTAL_POWER, Update, apply_updates
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.errors import ConfigError

A, B, C, D = (bytes([n]) * 20 for n in range(1, 5))
SET = ValidatorSet((Member(A, 1), Member(B, 2), Member(C, 3)))


def test_changes_keep_the_order_of_who_stays() -> None:
    """Who joins comes last; who leaves is gone; who changes stays in its place."""
    changed = apply_updates(SET, [Update(B, 7), Update(D, 4), Update(A, 0)])
    assert changed.members == (Member(B, 7), Member(C, 3), Member(D, 4))
    assert (changed.total_power, changed.quorum_power) == (14, 10)


def test_no_change_is_the_same_set() -> None:
    """An empty list changes nothing."""
    assert apply_updates(SET, []) == SET


@pytest.mark.parametrize(
    ("updates", "words"),
    [
        ([Update(A, 1), Update(A, 2)], "two changes of validator 0x0101"),
        ([Update(A, -1)], "power -1 of validator 0x0101.* is negative"),
        ([Update(D, 0)], "cannot be removed: it is not in the set"),
        ([Update(A, 0), Update(B, 0), Update(C, 0)], "leave no validator"),
        ([Update(A, MAX_TOTAL_POWER)], "total power .* is above"),
    ],
)
def test_impossible_changes_are_refused_with_the_reason(updates: list[Update], words: str) -> None:
    """Nothing is changed, and the message names validator and value."""
    with pytest.raises(ConfigError, match=words):
        apply_updates(SET, updates)
