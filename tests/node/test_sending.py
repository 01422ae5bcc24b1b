"""Sending: what is refused leaves the node as it was, what cannot be mined now waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.call import Call
from devnet.errors import (
    BadTransaction,
    ChainError,
    ConfigError,
    FeeTooLow,
    InsufficientFunds,
    IntrinsicGasTooLow,
    NonceTooLow,
    NoQuorum,
    UnknownBlock,
)
from devnet.validators.misbehaviour import HONEST, parse_behavior

if TYPE_CHECKING:
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)
CRASH = parse_behavior("crash")


@pytest.fixture
def single(start: type[Driver]) -> Driver:
    """A network of one: the fastest there is."""
    return start(validators=1)


def is_mined(driver: Driver, transaction_hash: bytes) -> bool:
    """Whether a transaction is in a block."""
    return driver.node.history.find_transaction(transaction_hash) is not None


def test_automine_is_final_on_return(single: Driver) -> None:
    """One transaction, one block, a second later; state and nonce follow."""
    before = single.node.head.header
    place = single.send(FRESH)
    header = place.block.header
    assert (header.number, header.timestamp) == (before.number + 1, before.timestamp + 1)
    assert place.receipt.succeeded
    assert single.node.get_pending_nonce(single.node.accounts[0].address) == 1


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"nonce": 0}, NonceTooLow, "next nonce 1, tx nonce 0"),
        ({"value": 10**30}, InsufficientFunds, f"tx cost {10**30 + 21_000 * 5 * 10**9}"),
        ({"gas": 20_999}, IntrinsicGasTooLow, "have 20999, want 21000"),
        ({"max_fee": 1, "tip": 1}, FeeTooLow, "maxFeePerGas 1, baseFee"),
        ({"tip": 6 * 10**9}, BadTransaction, "6000000000 above 5000000000"),
        ({"gas": 30_000_001}, BadTransaction, "tx gas 30000001, block 30000000"),
    ],
)
def test_refused_transaction_leaves_the_node_usable(
    single: Driver, fields: dict[str, Any], error: type[ChainError], words: str
) -> None:
    """Nothing waits, no block is made, and the next transaction is mined."""
    single.send(FRESH)
    head = single.node.head
    with pytest.raises(error, match=words):
        single.node.send_raw(single.sign(FRESH, **{"gas": 21_000, **fields}))
    assert single.node.head is head
    assert len(single.node.pool) == 0
    assert single.send(FRESH).receipt.succeeded


def test_unreadable_bytes_leave_the_node_usable(single: Driver) -> None:
    """Garbage is refused; the same transaction twice too, while it waits and when it is mined."""
    for raw in (b"", b"\x02\xc0", b"\xff" * 100):
        with pytest.raises(BadTransaction):
            single.node.send_raw(raw)
    single.node.set_automine(False)
    raw = single.sign(FRESH)
    single.node.send_raw(raw)
    with pytest.raises(BadTransaction, match="already known"):
        single.node.send_raw(raw)
    single.node.mine()
    with pytest.raises(NonceTooLow):
        single.node.send_raw(raw)


def test_funds_of_what_waits_are_not_spent_twice(single: Driver) -> None:
    """A sender's executable transactions are counted together; a replacement counts once."""
    fortune, gas = 6_000 * 10**18, 21_000
    cost = fortune + gas * 5 * 10**9
    single.node.set_automine(False)
    single.node.send_raw(single.sign(FRESH, value=fortune, gas=gas, nonce=0))
    words = f"queued cost {cost}, tx cost {cost}, overshot {2 * cost - 10_000 * 10**18}"
    with pytest.raises(InsufficientFunds, match=words):
        single.node.send_raw(single.sign(FRESH, value=fortune, gas=gas, nonce=1))
    better: dict[str, Any] = {"max_fee": 6 * 10**9, "tip": 2 * 10**9}
    single.node.send_raw(single.sign(FRESH, value=fortune, gas=gas, nonce=0, **better))
    assert len(single.node.pool) == 1


def test_what_became_impossible_is_dropped(single: Driver) -> None:
    """Behind a gap it was sound; what fills the gap takes its money. What others wait for stays."""
    fortune, gas = 6_000 * 10**18, 21_000
    waits_on = single.sign(FRESH, max_fee=1, tip=0, gas=gas, account=1)
    later = single.node.send_raw(single.sign(FRESH, value=fortune, gas=gas, nonce=1))
    single.node.set_automine(False)
    single.node.send_raw(waits_on)
    single.node.set_automine(True)
    single.node.send_raw(single.sign(FRESH, value=fortune, gas=gas, nonce=0))
    assert single.node.open_state().get_balance(FRESH) == fortune
    assert not is_mined(single, later)
    assert [t.evm.max_fee_per_gas for t in single.node.pool.all()] == [1]


def test_without_automine_transactions_wait_for_a_block(single: Driver) -> None:
    """`mine` takes all that fit, in order; switching automine on does too."""
    single.node.set_automine(False)
    hashes = [single.node.send_raw(single.sign(FRESH, value=n)) for n in range(3)]
    assert single.node.head.header.number == 0
    assert single.node.get_pending_nonce(single.node.accounts[0].address) == 3
    single.node.mine()
    assert [t.hash for t in single.node.head.transactions] == hashes
    single.node.mine(2)
    assert (single.node.head.header.number, single.node.head.transactions) == (3, ())
    last = single.node.send_raw(single.sign(FRESH))
    single.node.set_automine(True)
    assert is_mined(single, last)


def test_nonce_gap_waits_until_it_is_filled(single: Driver) -> None:
    """With automine the filling transaction takes the later one along."""
    later = single.node.send_raw(single.sign(FRESH, nonce=1))
    assert not is_mined(single, later)
    filler = single.node.send_raw(single.sign(FRESH, nonce=0))
    assert is_mined(single, filler)
    assert is_mined(single, later)


def test_replacement_takes_the_place_of_what_waits(single: Driver) -> None:
    """Ten percent more of both fees, else the first one stays."""
    single.node.set_automine(False)
    first = single.node.send_raw(single.sign(FRESH, nonce=0, value=1))
    with pytest.raises(FeeTooLow, match="replacement transaction underpriced"):
        single.node.send_raw(single.sign(FRESH, nonce=0, value=2))
    better = single.sign(FRESH, nonce=0, value=2, max_fee=6 * 10**9, tip=2 * 10**9)
    second = single.node.send_raw(better)
    single.node.mine()
    assert (is_mined(single, first), is_mined(single, second)) == (False, True)


def test_full_block_leaves_the_rest_to_the_next_ones(single: Driver) -> None:
    """Nothing is lost: neither what did not fit nor what comes after it by nonce."""
    single.node.set_automine(False)
    gas = [16_000_000, 16_000_000, 100_000, 16_000_000, 21_000]
    hashes = [
        single.node.send_raw(single.sign(None, b"\xfe", gas=limit, nonce=nonce))
        if limit > 21_000
        else single.node.send_raw(single.sign(FRESH, gas=limit, nonce=nonce))
        for nonce, limit in enumerate(gas)
    ]
    small = single.node.send_raw(single.sign(FRESH, account=1))
    single.node.mine()
    assert [t.hash for t in single.node.head.transactions] == [hashes[0], small]
    single.node.set_automine(True)
    assert all(is_mined(single, transaction_hash) for transaction_hash in hashes)
    assert single.node.head.header.number == 3


def test_fee_below_the_base_fee_waits_with_all_that_follows(single: Driver) -> None:
    """The base fee falls with every empty block, until both can be mined."""
    single.node.set_automine(False)
    fee = single.node.next_base_fee * 8 // 10
    cheap = single.node.send_raw(single.sign(FRESH, max_fee=fee, tip=0, nonce=0))
    follower = single.node.send_raw(single.sign(FRESH, nonce=1))
    single.node.mine()
    assert not is_mined(single, cheap)
    assert len(single.node.pool) == 2
    single.node.mine(3)
    assert is_mined(single, cheap)
    assert is_mined(single, follower)


def test_transaction_waits_while_there_is_no_quorum(driver: Driver) -> None:
    """The sender is told why; what is sent later waits too; all are mined when it is back."""
    for name in ("v0", "v1"):
        driver.node.set_behavior(name, CRASH)
    raws = [driver.sign(FRESH, gas=21_000, nonce=nonce) for nonce in range(2)]
    for raw in raws:
        with pytest.raises(NoQuorum, match="no block 1 after 1 round"):
            driver.node.send_raw(raw)
    with pytest.raises(BadTransaction, match="already known"):
        driver.node.send_raw(raws[0])
    assert len(driver.node.pool) == 2
    assert driver.node.call(Call(to=FRESH)).gas_used == 21_000
    driver.node.set_behavior("v0", HONEST)
    assert driver.node.pool.all() == ()
    assert driver.node.head.header.number == 1


def test_behavior_can_be_set_while_the_chain_is_stopped(driver: Driver) -> None:
    """Making it worse is no error of the one who asked; the reason is in the status."""
    for name in ("v0", "v1"):
        driver.node.set_behavior(name, CRASH)
    with pytest.raises(NoQuorum):
        driver.send(FRESH)
    driver.node.set_behavior("v2", CRASH)
    assert "v2 does not take part (crashed)" in driver.node.cluster.waiting
    for name in ("v0", "v1", "v2"):
        driver.node.set_behavior(name, HONEST)
    assert (driver.node.cluster.waiting, len(driver.node.pool)) == ("", 0)


def test_unknown_names_are_refused_with_what_exists(driver: Driver) -> None:
    """A validator that is not there, a block above the head, a certificate of genesis."""
    with pytest.raises(ConfigError, match="no validator 'v9'; there are v0 to v3"):
        driver.node.set_behavior("v9", CRASH)
    with pytest.raises(UnknownBlock, match="no block 1; the head is 0"):
        driver.node.get_certificate(1)
    with pytest.raises(UnknownBlock, match="genesis"):
        driver.node.get_certificate(0)
    address = driver.node.cluster.validators[1].address
    driver.node.set_behavior("0x" + address.hex(), HONEST)


def test_state_of_earlier_blocks_stays_readable(single: Driver) -> None:
    """Balances, calls and estimates as of any block."""
    for _ in range(3):
        single.node.send_raw(single.sign(FRESH, value=5))
    assert [single.node.open_state(n).get_balance(FRESH) for n in range(4)] == [0, 5, 10, 15]
    call = Call(sender=FRESH, to=bytes(20), value=10)
    assert single.node.call(call, 2).gas_used == single.node.estimate_gas(call, 2) == 21_000
    with pytest.raises(InsufficientFunds, match="have 5 want 10"):
        single.node.call(call, 1)
