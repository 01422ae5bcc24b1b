"""A full pool: who may still come, who has to go, and the words of the refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.chain.pool.limit import Limits
from devnet.chain.pool.pool import Pool
from devnet.errors import PoolFull

if TYPE_CHECKING:
    from tests.chain.pool.conftest import Make

ALICE, BOB, CAROL = b"\xa1" * 20, b"\xb0" * 20, b"\xca" * 20


def test_the_lowest_tip_goes_for_a_higher_one(make: Make) -> None:
    """One that pays as little as the lowest is refused; one that pays more takes its place."""
    pool = Pool(Limits(slots=2))
    low, high = make(ALICE, 0, tip=5), make(BOB, 0, tip=50)
    pool.add(low)
    pool.add(high)
    with pytest.raises(PoolFull, match=r"^transaction underpriced: .* its lowest tip is 5 wei"):
        pool.add(make(CAROL, 0, tip=5))
    assert pool.all() == (low, high)
    better = make(CAROL, 0, tip=6)
    pool.add(better)
    assert pool.all() == (high, better)


def test_tips_are_compared_at_the_base_fee(make: Make) -> None:
    """After a repricing another one is the lowest."""
    pool = Pool(Limits(slots=2))
    capped, steady = make(ALICE, 0, fee=100, tip=90), make(BOB, 0, fee=200, tip=30)
    pool.add(capped)
    pool.add(steady)
    with pytest.raises(PoolFull, match="lowest tip is 30 wei, this one's 30"):
        pool.add(make(CAROL, 0, fee=200, tip=30))
    pool.reprice(80)
    newcomer = make(CAROL, 0, fee=200, tip=30)
    pool.add(newcomer)
    assert pool.all() == (steady, newcomer)


def test_of_equal_tips_the_last_come_goes(make: Make) -> None:
    """Arrival is the tie break here too."""
    pool = Pool(Limits(slots=3))
    first, second, third = make(ALICE, 0, tip=5), make(BOB, 0, tip=5), make(CAROL, 0, tip=9)
    for transaction in (first, second, third):
        pool.add(transaction)
    pool.add(make(b"\xdd" * 20, 0, tip=6))
    assert second not in pool.all()
    assert first in pool.all()


def test_whoever_pays_least_loses_its_last_transaction(make: Make) -> None:
    """So that no gap is torn into what stays."""
    pool = Pool(Limits(slots=3))
    low, after = make(ALICE, 0, tip=1), make(ALICE, 1, tip=99)
    pool.add(low)
    pool.add(after)
    pool.add(make(BOB, 0, tip=50))
    pool.add(make(CAROL, 0, tip=10))
    assert pool.find(ALICE, 0) is low
    assert pool.find(ALICE, 1) is None


def test_nobody_drives_out_its_own_and_nothing_comes_behind_a_gap(make: Make) -> None:
    """Then the pool is simply full; a replacement needs no room."""
    pool = Pool(Limits(slots=2))
    pool.add(make(ALICE, 0, tip=1))
    pool.add(make(ALICE, 1, tip=1))
    with pytest.raises(PoolFull, match=r"^txpool is full$"):
        pool.add(make(ALICE, 2, tip=50))
    with pytest.raises(PoolFull, match=r"^txpool is full: a nonce before this one is missing"):
        pool.add(make(BOB, 7, tip=50), is_executable=False)
    pool.add(make(ALICE, 1, 200, 50))
    assert len(pool) == 2


def test_bytes_count_as_slots_and_in_all(make: Make) -> None:
    """A slot is begun every 32 KiB; a large one may cost several small ones their place."""
    large = {"size": 3 * 32 * 1024, "tip": 50}
    for limits in (Limits(slots=4), Limits(size_bytes=3 * 32 * 1024 + 200)):
        pool = Pool(limits)
        small = [make(bytes([n]) * 20, 0, tip=n) for n in range(1, 5)]
        for transaction in small:
            pool.add(transaction)
        with pytest.raises(PoolFull, match="lowest tip is 1 wei, this one's 1"):
            pool.add(make(ALICE, 0, size=3 * 32 * 1024, tip=1))
        pool.add(make(ALICE, 0, **large))
        assert len(pool) < 5
        assert pool.find(ALICE, 0) is not None
        assert small[0] not in pool.all()


def test_one_sender_has_so_many(make: Make) -> None:
    """In all, behind a gap, and with blobs; geth's words, with the number."""
    pool = Pool(Limits(account_transactions=3, account_queued=2, account_blob_transactions=1))
    pool.add(make(ALICE, 0))
    pool.add(make(ALICE, 5, type_id=3), is_executable=False)
    with pytest.raises(PoolFull, match=r"^account limit exceeded: pooled 2 txs$"):
        pool.add(make(ALICE, 6), is_executable=False)
    with pytest.raises(PoolFull, match=r"^account limit exceeded: pooled 1 txs$"):
        pool.add(make(ALICE, 1, type_id=3))
    pool.add(make(ALICE, 1))
    with pytest.raises(PoolFull, match=r"^account limit exceeded: pooled 3 txs$"):
        pool.add(make(ALICE, 2))
    pool.add(make(BOB, 0))


def test_blobs_have_a_limit_of_their_own(make: Make) -> None:
    """No tip buys a place beyond it; what leaves makes room."""
    pool = Pool(Limits(blob_transactions=1))
    first = make(ALICE, 0, type_id=3)
    pool.add(first)
    with pytest.raises(PoolFull, match=r"^txpool is full: 1 blob transactions"):
        pool.add(make(BOB, 0, 10**6, 10**6, type_id=3))
    pool.add(make(BOB, 0))
    pool.discard(first)
    pool.add(make(CAROL, 0, type_id=3))
    pool.add(make(CAROL, 0, 200, 200, type_id=3, blob_fee=2))
