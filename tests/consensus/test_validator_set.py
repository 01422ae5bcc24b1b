"""Quorums are more than two thirds, in integers, and everybody proposes in turn."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from precompiles.digest import compute_keccak

POWERS = st.lists(st.integers(1, 2**70), min_size=1, max_size=12)


def build_set(*powers: int) -> ValidatorSet:
    """Members with these powers."""
    return ValidatorSet(tuple(Member(bytes([n + 1]) * 20, p) for n, p in enumerate(powers)))


@given(powers=POWERS, data=st.data())
def test_quorum_is_more_than_two_thirds(powers: list[int], data: st.DataObject) -> None:
    """For any powers, past what a float can tell apart."""
    validators = build_set(*powers)
    total = sum(powers)
    power = data.draw(st.integers(0, total) | st.integers(-2, 2).map(lambda n: 2 * total // 3 + n))
    assert validators.total_power == total
    assert validators.is_quorum(power) == (Fraction(power, total) > Fraction(2, 3))
    assert validators.is_quorum(power) == (3 * power > 2 * total)


@given(powers=POWERS)
def test_quorum_power_is_the_least_quorum(powers: list[int]) -> None:
    """One unit less is none."""
    validators = build_set(*powers)
    assert validators.is_quorum(validators.quorum_power)
    assert not validators.is_quorum(validators.quorum_power - 1)


@given(powers=POWERS, data=st.data())
def test_two_quorums_share_more_than_a_third(powers: list[int], data: st.DataObject) -> None:
    """What safety rests on: two quorums always have a member in common."""
    validators = build_set(*powers)
    groups = [frozenset(data.draw(st.sets(st.sampled_from(range(len(powers)))))) for _ in range(2)]
    strong = [g for g in groups if validators.is_quorum(sum(powers[n] for n in g))]
    if len(strong) == 2:
        shared = sum(powers[n] for n in strong[0] & strong[1])
        assert 3 * shared > validators.total_power


@pytest.mark.parametrize(
    ("count", "needed"), [(1, 1), (2, 2), (3, 3), (4, 3), (5, 4), (6, 5), (7, 5), (100, 67)]
)
def test_quorum_of_equal_validators(count: int, needed: int) -> None:
    """Four tolerate one, seven tolerate two; up to three tolerate none."""
    assert build_set(*[1] * count).quorum_power == needed


def test_strangers_have_no_power() -> None:
    """Power is that of the member, zero for anybody else."""
    validators = build_set(5, 7)
    assert validators.get_power(bytes([2]) * 20) == 7
    assert validators.get_power(bytes(20)) == 0


def test_set_hash_is_keccak_of_words_and_binds_order_and_power() -> None:
    """A contract rebuilds it with abi.encodePacked of 32-byte words."""
    validators = build_set(5, 7)
    words = b"".join(
        m.address.rjust(32, b"\0") + m.power.to_bytes(32, "big") for m in validators.members
    )
    assert compute_set_hash(validators) == compute_keccak(words)
    others = [build_set(7, 5), build_set(5), build_set(5, 7, 1), build_set(5, 8)]
    others.append(ValidatorSet(validators.members[::-1]))
    assert len({compute_set_hash(v) for v in [validators, *others]}) == 6
