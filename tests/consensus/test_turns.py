"""Turns follow the sets of a chain, however far one asks, back and forth."""

from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.proposer import change_members, start_rotation
from devnet.consensus.turns import Turns
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash

POWERS = st.lists(st.integers(1, 9), min_size=1, max_size=6)


def build_set(powers: list[int]) -> ValidatorSet:
    """Members 1, 2, ... with these powers."""
    return ValidatorSet(tuple(Member(bytes([n + 1]) * 20, p) for n, p in enumerate(powers)))


@given(before=POWERS, after=POWERS, first=st.integers(1, 9), length=st.integers(1, 12))
def test_turns_are_those_of_the_rotation_over_changes(
    before: list[int], after: list[int], first: int, length: int
) -> None:
    """Step by step, and restored with nothing asked but at changes."""
    sets = build_set(before), build_set(after)
    change = first + length
    turns = Turns(lambda height: sets[height >= change], first)
    asked: list[int] = []

    def ask(height: int) -> ValidatorSet:
        asked.append(height)
        return sets[height >= change]

    restored = Turns(ask, first)
    restored.restore(change + 20, (change,))
    expected = start_rotation(sets[0])
    for height in range(first, change + 20):
        assert turns.get_rotation(height) == restored.get_rotation(height) == expected
        following = sets[height + 1 >= change]
        changes = following != expected.validators
        expected = change_members(expected, following) if changes else expected.advance()
    assert asked == [first, change]
    assert turns.get_rotation(1) == start_rotation(sets[0])


def test_a_rewound_chain_may_change_otherwise() -> None:
    """What blocks above have changed is asked for again."""
    sets = {height: build_set([1, 1, 1]) for height in range(1, 30)}
    turns = Turns(sets.__getitem__)
    assert len(turns.get_validators(9).members) == 3
    hash_before = turns.get_set_hash(9)
    for height in range(7, 30):
        sets[height] = build_set([1, 1, 1, 1])
    turns.rewind(4)
    assert [len(turns.get_validators(height).members) for height in (6, 7, 9)] == [3, 4, 4]
    assert turns.get_set_hash(9) == compute_set_hash(sets[9]) != hash_before
