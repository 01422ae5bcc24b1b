"""The contract's storage as plain words: what is written is read, in the order of the set."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from devnet.config import Staking
from devnet.consensus.set_change import apply_updates
from devnet.consensus.staking import (
    SET_HASH,
    TERMS,
    TOTAL_POWER,
    Account,
    build_storage,
    compute_updates,
    locate_account,
    read_account,
    read_validators,
)
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash

NOBODY = ValidatorSet(())
ADDRESSES = [bytes([index]) * 20 for index in range(1, 7)]


def build_set(powers: Mapping[int, int]) -> ValidatorSet:
    """Members by index of their address, in the order given."""
    return ValidatorSet(tuple(Member(ADDRESSES[i], power) for i, power in powers.items() if power))


powers = st.dictionaries(st.integers(0, 5), st.integers(1, 2**40), min_size=1)


@given(powers)
def test_a_set_is_read_as_it_was_written(chosen: dict[int, int]) -> None:
    """Members, order and powers; each has its stake, and a stranger has nothing."""
    validators, terms = build_set(chosen), Staking(unit_wei=3)
    storage = build_storage(validators, terms)
    assert read_validators(lambda slot: storage.get(slot, 0), NOBODY) == validators
    assert storage[SET_HASH] == int.from_bytes(compute_set_hash(validators), "big")
    assert storage[TOTAL_POWER] == validators.total_power
    for address in ADDRESSES:
        account = read_account(lambda slot: storage.get(slot, 0), address)
        assert account == Account(3 * validators.get_power(address), 0, 0, False, 0, 0)


def test_known_set_is_kept_where_nothing_differs() -> None:
    """With its hash in the state, or no contract at all, the members are not read."""
    known = build_set({0: 1, 1: 2})
    storage = build_storage(known, Staking())
    assert read_validators(lambda slot: storage[slot], known) is known
    assert read_validators(lambda slot: 0, known) is known


def test_terms_are_packed_as_solidity_packs_them() -> None:
    """Fields from the lowest bits up: unit, slashing, jail, unbonding, age."""
    terms = Staking(7, 500, 3, 5, 9)
    word = build_storage(build_set({0: 1}), terms)[TERMS]
    fields = (word % 2**128, word >> 128 & 0xFFFF, word >> 144 & 0xFFFFFFFF)
    assert (*fields, word >> 176 & 0xFFFFFFFF, word >> 208) == (7, 500, 3, 5, 9)


def test_flags_of_an_account_are_read_one_by_one() -> None:
    """Release, jail and its end share a word."""
    at = locate_account(ADDRESSES[0])
    storage = {at: 1, at + 1: 2, at + 2: 5 | 1 << 64 | 77 << 72 | 99 << 136, at + 3: 4}
    account = read_account(lambda slot: storage.get(slot, 0), ADDRESSES[0])
    assert account == Account(1, 2, 5, True, 77, 4)


@given(powers, powers)
def test_updates_turn_one_set_into_the_next(first: dict[int, int], second: dict[int, int]) -> None:
    """In its order too: who stays keeps the place, who joins comes last."""
    before = build_set(first)
    kept = {index: second[index] for index in first if index in second}
    after = build_set({**kept, **second})
    assert apply_updates(before, compute_updates(before, after)) == after
    assert compute_updates(after, after) == ()
