"""The order of a block: by tip or by arrival between senders, by nonce within one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.chain.pool.pool import Pool
from devnet.chain.pool.selection import Order, Prices

if TYPE_CHECKING:
    from devnet.chain.transaction import Transaction
    from tests.chain.pool.conftest import Make

ALICE, BOB, CAROL = b"\xa1" * 20, b"\xb0" * 20, b"\xca" * 20


def fill(order: Order, *transactions: Transaction) -> Pool:
    """A pool to which these came one after another."""
    pool = Pool(order=order)
    for transaction in transactions:
        pool.add(transaction)
    return pool


def from_zero(_: bytes) -> int:
    """Nonces of a chain on which nobody has sent."""
    return 0


def test_the_highest_tip_at_this_base_fee_is_first(make: Make) -> None:
    """What is left above the base fee counts, not what was offered."""
    generous = make(ALICE, 0, fee=100, tip=90)  # 20 left at a base fee of 80
    modest = make(BOB, 0, fee=200, tip=30)
    pool = fill(Order.FEES, generous, modest)
    assert tuple(pool.select(from_zero)) == (generous, modest)
    assert tuple(pool.select(from_zero, Prices(80))) == (modest, generous)


def test_of_equal_tips_the_first_come_is_first(make: Make) -> None:
    """Also if each is another sender's, and if nonces came in between."""
    arrived = [make(ALICE, 0), make(BOB, 0), make(ALICE, 1), make(BOB, 1)]
    assert tuple(fill(Order.FEES, *arrived).select(from_zero)) == tuple(arrived)


def test_a_high_tip_waits_behind_its_senders_lower_nonce(make: Make) -> None:
    """Only the next transaction of a sender competes."""
    first, second = make(ALICE, 0, tip=1), make(ALICE, 1, tip=99)
    middle = make(BOB, 0, tip=50)
    selected = fill(Order.FEES, first, second, middle).select(from_zero)
    assert tuple(selected) == (middle, first, second)


def test_fifo_looks_at_arrival_only(make: Make) -> None:
    """As Anvil's `--order fifo`; nonces of one sender stay in order."""
    late, middle, first = make(ALICE, 1, tip=99), make(BOB, 0, tip=1), make(ALICE, 0, tip=99)
    selected = fill(Order.FIFO, late, middle, first).select(from_zero)
    assert tuple(selected) == (middle, first, late)


def test_what_does_not_pay_the_price_holds_up_its_sender(make: Make) -> None:
    """Base fee and blob base fee; the fee itself is enough."""
    poor, after = make(ALICE, 0, fee=99), make(ALICE, 1, fee=500)
    blobs = make(BOB, 0, type_id=3, blob_fee=7)
    exact = make(CAROL, 0, fee=100, tip=0)
    pool = fill(Order.FEES, poor, after, blobs, exact)
    assert tuple(pool.select(from_zero, Prices(100, 7))) == (blobs, exact)
    assert tuple(pool.select(from_zero, Prices(100, 8))) == (exact,)
    assert set(pool.split(from_zero).pending) == {ALICE, BOB, CAROL}


def test_a_sender_that_was_left_out_is_not_offered_again(make: Make) -> None:
    """Its later nonces could not follow."""
    mine = [make(ALICE, nonce) for nonce in range(3)]
    yours = make(BOB, 0, tip=1)
    selection = fill(Order.FEES, *mine, yours).select(from_zero)
    offered = []
    for transaction in selection:
        offered.append(transaction)
        if transaction is mine[1]:
            selection.leave(ALICE)
    assert offered == [mine[0], mine[1], yours]
