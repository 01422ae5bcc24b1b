"""The pool: one transaction per sender and nonce, what is missing in between, who sees what."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.pool.pool import Pool
from devnet.errors import BadTransaction, FeeTooLow
from tests.chain.pool.conftest import build

if TYPE_CHECKING:
    from tests.chain.pool.conftest import Make

ALICE, BOB = b"\xa1" * 20, b"\xb0" * 20


def from_zero(_: bytes) -> int:
    """Nonces of a chain on which nobody has sent."""
    return 0


def test_nonces_order_what_arrived_the_other_way(make: Make) -> None:
    """A sender's transactions run by nonce, however they came; the list is by arrival."""
    pool = Pool()
    late, middle, first = make(ALICE, 2), make(ALICE, 1), make(ALICE, 0)
    for transaction in (late, middle, first):
        pool.add(transaction)
    assert tuple(pool.select(from_zero)) == (first, middle, late)
    assert pool.all() == (late, middle, first)
    assert pool.find(ALICE, 1) is middle
    assert pool.find(BOB, 1) is None


def test_gap_in_nonces_waits_until_it_is_filled(make: Make) -> None:
    """What comes after a gap stays; what the chain has passed is never selected."""
    pool = Pool()
    pool.add(make(ALICE, 2))
    pool.add(make(ALICE, 0))
    assert [t.nonce for t in pool.select(from_zero)] == [0]
    standing = pool.split(from_zero)
    assert [t.nonce for t in standing.pending[ALICE]] == [0]
    assert [t.nonce for t in standing.queued[ALICE]] == [2]
    pool.add(make(ALICE, 1))
    assert [t.nonce for t in pool.select(from_zero)] == [0, 1, 2]
    assert pool.split(from_zero).queued == {}
    assert [t.nonce for t in pool.select(lambda _: 2)] == [2]
    assert pool.select(lambda _: 3).is_empty
    assert pool.split(lambda _: 3).pending == {}
    assert len(pool) == 3


@given(
    order=st.permutations([(sender, nonce) for sender in (ALICE, BOB) for nonce in range(4)]),
    missing=st.sets(st.integers(0, 7), max_size=3),
)
def test_selection_is_every_senders_run_without_gaps(
    order: list[tuple[bytes, int]], missing: set[int]
) -> None:
    """For any arrival and any gaps: exactly the nonces reachable from the chain's, in order."""
    pool = Pool()
    kept = [pair for at, pair in enumerate(order) if at not in missing]
    for sender, nonce in kept:
        pool.add(build(sender, nonce))
    selected = tuple(pool.select(from_zero))
    for sender in (ALICE, BOB):
        nonces = [t.nonce for t in selected if t.sender == sender]
        reachable = next((n for n in range(5) if (sender, n) not in kept), 4)
        assert nonces == list(range(reachable))
        assert pool.get_next_nonce(sender, 0) == reachable


def test_known_transaction_is_refused(make: Make) -> None:
    """Sending the same bytes twice is an error that says so."""
    pool = Pool()
    pool.add(make(ALICE, 0))
    with pytest.raises(BadTransaction, match=r"already known: 0xa1a1"):
        pool.add(make(ALICE, 0))


def test_next_nonce_counts_what_waits_without_gaps(make: Make) -> None:
    """The nonce that a wallet should use next is the first one free."""
    pool = Pool()
    for nonce in (3, 4, 6):
        pool.add(make(ALICE, nonce))
    next_nonce = pool.get_next_nonce
    assert [next_nonce(ALICE, n) for n in (0, 3, 4, 5, 6)] == [0, 5, 5, 5, 7]
    assert next_nonce(BOB, 3) == 3


def test_a_frozen_pool_stays_as_it_was(make: Make) -> None:
    """Whatever happens to the other one: additions, replacements, removals, clearing."""
    pool = Pool()
    old, other = make(ALICE, 0), make(BOB, 0)
    pool.add(old)
    pool.add(other)
    frozen = pool.freeze()
    pool.add(make(ALICE, 0, 200, 200))
    pool.add(make(ALICE, 1))
    pool.discard(other)
    assert frozen.all() == (old, other)
    assert tuple(frozen.select(from_zero)) == (old, other)
    again = pool.freeze()
    pool.clear()
    assert (len(pool), len(again), len(frozen)) == (0, 2, 2)
    pool.add(old)
    assert pool.all() == (old,)


def test_a_block_takes_its_transactions_and_what_it_made_impossible(make: Make) -> None:
    """Used nonces go, and what the sender cannot pay any more; nobody else is looked at."""
    pool = Pool()
    mined, used, dear, cheap = (
        make(ALICE, 0),
        make(ALICE, 1),
        make(ALICE, 2, value=1_000),
        make(ALICE, 3, value=5),
    )
    theirs = make(BOB, 0, value=10**9)
    for transaction in (mined, used, dear, cheap, theirs):
        pool.add(transaction)
    accounts = SimpleNamespace(get_nonce=lambda _: 2, get_balance=lambda _: 500)
    pool.settle((mined,), lambda: accounts)
    assert pool.all() == (cheap, theirs)
    pool.discard(mined)  # unknown by now
    pool.settle((theirs,), lambda: pytest.fail("nothing is left to look up"))
    assert pool.all() == (cheap,)


@pytest.mark.parametrize(
    ("fee", "tip", "least"),
    [
        (110, 110, None),
        (200, 110, None),
        (109, 110, "max_fee_per_gas 109, must be at least 110"),
        (110, 109, "max_priority_fee_per_gas 109, must be at least 110"),
        (100, 101, "max_fee_per_gas 100, must be at least 110"),
    ],
)
def test_replacement_pays_ten_percent_more_of_both_fees(
    make: Make, fee: int, tip: int, least: str | None
) -> None:
    """As in geth; the message names the least that would do, and the old one stays."""
    pool = Pool()
    old, new = make(ALICE, 0), make(ALICE, 0, fee, tip)
    pool.add(old)
    if least is None:
        pool.add(new)
        assert pool.all() == (new,)
        assert pool.get(old.hash) is None
        return
    with pytest.raises(FeeTooLow, match=f"replacement transaction underpriced: {least}"):
        pool.add(new)
    assert pool.all() == (old,)
