"""The pool: one transaction per sender and nonce, executable ones in order of arrival."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain import pool as pool_module
from devnet.chain.pool import Pool
from devnet.chain.transaction import Transaction
from devnet.errors import BadTransaction, FeeTooLow

ALICE, BOB = b"\xa1" * 20, b"\xb0" * 20


def make(sender: bytes, nonce: int, fee: int = 100, tip: int = 100) -> Transaction:
    """A transaction as far as a pool looks at it."""
    evm = SimpleNamespace(nonce=nonce, max_fee_per_gas=fee, max_priority_fee_per_gas=tip)
    name = sender + bytes([nonce]) + fee.to_bytes(8) + tip.to_bytes(8)
    return Transaction(name, name, sender, evm)


def from_zero(_: bytes) -> int:
    """Nonces of a chain on which nobody has sent."""
    return 0


def test_executable_transactions_come_in_order_of_arrival() -> None:
    """Across senders the first come is first served."""
    pool = Pool()
    arrived = [make(ALICE, 0), make(BOB, 0), make(ALICE, 1), make(BOB, 1)]
    for transaction in arrived:
        pool.add(transaction)
    assert pool.select(from_zero) == tuple(arrived)
    assert pool.all() == tuple(arrived)


def test_nonces_order_what_arrived_the_other_way() -> None:
    """A sender's transactions run by nonce, however they came."""
    pool = Pool()
    late, middle, first = make(ALICE, 2), make(ALICE, 1), make(ALICE, 0)
    for transaction in (late, middle, first):
        pool.add(transaction)
    assert pool.select(from_zero) == (first, middle, late)


def test_gap_in_nonces_waits_until_it_is_filled() -> None:
    """What comes after a gap stays; what the chain has passed is never selected."""
    pool = Pool()
    pool.add(make(ALICE, 2))
    pool.add(make(ALICE, 0))
    assert [t.nonce for t in pool.select(from_zero)] == [0]
    pool.add(make(ALICE, 1))
    assert [t.nonce for t in pool.select(from_zero)] == [0, 1, 2]
    assert [t.nonce for t in pool.select(lambda _: 2)] == [2]
    assert pool.select(lambda _: 3) == ()
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
        pool.add(make(sender, nonce))
    selected = pool.select(from_zero)
    for sender in (ALICE, BOB):
        nonces = [t.nonce for t in selected if t.sender == sender]
        reachable = next((n for n in range(5) if (sender, n) not in kept), 4)
        assert nonces == list(range(reachable))
        assert pool.get_next_nonce(sender, 0) == reachable


@pytest.mark.parametrize(
    ("fee", "tip", "least"),
    [
        (110, 110, None),
        (200, 110, None),
        (109, 110, "max_fee_per_gas must be at least 110"),
        (110, 109, "max_priority_fee_per_gas must be at least 110"),
        (100, 101, "max_fee_per_gas must be at least 110"),
    ],
)
def test_replacement_pays_ten_percent_more_of_both_fees(
    fee: int, tip: int, least: str | None
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
    with pytest.raises(FeeTooLow, match=least):
        pool.add(new)
    assert pool.all() == (old,)


def test_least_replacement_is_rounded_up() -> None:
    """Ten percent of 15 is 16.5: 16 is too little, 17 is enough."""
    pool = Pool()
    pool.add(make(ALICE, 0, 15, 15))
    with pytest.raises(FeeTooLow, match="at least 17"):
        pool.add(make(ALICE, 0, 16, 16))
    pool.add(make(ALICE, 0, 17, 17))


def test_known_transaction_is_refused() -> None:
    """Sending the same bytes twice is an error that says so."""
    pool = Pool()
    pool.add(make(ALICE, 0))
    with pytest.raises(BadTransaction, match=r"already known: 0xa1a1"):
        pool.add(make(ALICE, 0))


def test_full_pool_refuses_all_but_replacements(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is in the message; a replacement needs no room; leaving makes some."""
    monkeypatch.setattr(pool_module, "MAX_POOL", 2)
    pool = Pool()
    first = make(ALICE, 0)
    pool.add(first)
    pool.add(make(ALICE, 1))
    with pytest.raises(BadTransaction, match="pool is full: 2 transactions wait"):
        pool.add(make(BOB, 0))
    pool.add(make(ALICE, 1, 200, 200))
    pool.discard(first)
    pool.discard(first)
    pool.add(make(BOB, 0))
    pool.clear()
    assert len(pool) == 0


def test_next_nonce_counts_what_waits_without_gaps() -> None:
    """The nonce that a wallet should use next is the first one free."""
    pool = Pool()
    for nonce in (3, 4, 6):
        pool.add(make(ALICE, nonce))
    next_nonce = pool.get_next_nonce
    assert [next_nonce(ALICE, n) for n in (0, 3, 4, 5, 6)] == [0, 5, 5, 5, 7]
    assert next_nonce(BOB, 3) == 3
