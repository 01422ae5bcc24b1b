"""A node under any fork: osaka if nothing is said; what a fork does not know is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from devnet.chain.forks.fork import Fork
from devnet.errors import BadTransaction, ConfigError, UnsupportedTransaction

if TYPE_CHECKING:
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)


def sign_legacy(driver: Driver, is_bound: bool) -> bytes:
    """A transfer as Frontier knew it, bound to the chain or not (EIP-155)."""
    fields = {
        "nonce": 0,
        "gas": 21_000,
        "gasPrice": 2 * 10**9,
        "to": FRESH,
        "value": 1,
        "data": b"",
    }
    chain = {"chainId": driver.node.config.chain_id} if is_bound else {}
    signed = Account.sign_transaction({**fields, **chain, "data": b""}, driver.node.accounts[0].key)
    return bytes(signed.raw_transaction)


@pytest.mark.parametrize("fork", Fork, ids=[fork.name.lower() for fork in Fork])
def test_four_validators_agree_under_every_fork(start: type[Driver], fork: Fork) -> None:
    """From Frontier on; a block has the fields of its fork."""
    driver = start(hardfork=fork.name.lower())
    sent = driver.node.send_raw(sign_legacy(driver, fork >= Fork.SPURIOUS_DRAGON))
    driver.node.mine(2)
    assert driver.node.next_rules.fork is fork
    assert driver.node.history.get_transaction(sent).receipt.succeeded
    assert driver.node.head.header.number == 3
    assert driver.node.head.header.length == driver.node.next_rules.header_length
    assert len(driver.node.get_certificate(3).votes) == 4


def test_a_new_chain_follows_osaka(start: type[Driver]) -> None:
    """With the cap on a transaction's gas, which a chain may do without."""
    driver = start(validators=1)
    assert driver.node.next_rules.fork is Fork.OSAKA
    with pytest.raises(BadTransaction, match=r"too high \(cap: 16777216, tx: 16777217\)"):
        driver.node.send_raw(driver.sign(FRESH, gas=2**24 + 1))
    free = start(validators=1, caps_transaction_gas=False)
    assert free.send(FRESH, gas=2**24 + 1).receipt.succeeded


def test_a_type_of_a_later_fork_is_refused_by_name(start: type[Driver]) -> None:
    """Berlin does not know what London brought; a fork that does not exist has a near name."""
    berlin = start(validators=1, hardfork="berlin")
    with pytest.raises(UnsupportedTransaction, match="type not supported: 2 under berlin"):
        berlin.node.send_raw(berlin.sign(FRESH, gas=21_000))
    with pytest.raises(ConfigError, match="no hardfork 'oska'; did you mean osaka"):
        start(hardfork="oska")


def test_blocks_are_in_the_order_that_was_asked_for(start: type[Driver]) -> None:
    """By tip, or as they came; anything else is refused."""
    for order, wanted in (("fees", [2, 0, 1]), ("fifo", [0, 1, 2])):
        driver = start(validators=1, order=order)
        driver.node.set_automine(False)
        for account, tip in enumerate((5, 1, 9)):
            raw = driver.sign(FRESH, gas=21_000, nonce=0, tip=tip, account=account)
            driver.node.send_raw(raw)
        driver.node.mine()
        senders = [a.address for a in driver.node.accounts]
        assert [senders.index(t.sender) for t in driver.node.head.transactions] == wanted
    with pytest.raises(ConfigError, match="order is 'random'; use fees or fifo"):
        start(order="random")
