"""The pending block: what the next one would be, before anybody proposes it."""

from typing import Any

import pytest

TO = "0x" + "11" * 20
LATER = ("hash", "miner", "nonce")  # what only a proposed block has


@pytest.fixture
def waiting(rpc: Any) -> list[str]:
    """Hashes of two transfers in the pool."""
    rpc("evm_setAutomine", False)
    transfer = {"from": rpc.accounts[0], "to": TO, "value": "0x5"}
    return [rpc("eth_sendTransaction", transfer) for _ in range(2)]


@pytest.mark.parametrize("full", [False, True])
def test_the_pending_block_is_the_next_one_but_for_its_proposer(
    rpc: Any, waiting: list[str], full: bool
) -> None:
    """Number, time, roots, fees and transactions are those of the block that comes."""
    pending = rpc("eth_getBlockByNumber", "pending", full)
    assert [pending.pop(name) for name in LATER] == [None] * 3
    rpc("evm_mine")
    mined = rpc("eth_getBlockByNumber", "latest", full)
    if full:
        places = ("blockHash", "blockNumber", "blockTimestamp", "transactionIndex", "gasPrice")
        for transaction in (*pending["transactions"], *mined["transactions"]):
            for name in places:
                del transaction[name]
    assert pending == {name: mined[name] for name in pending}
    assert [t["hash"] if full else t for t in pending["transactions"]] == waiting


def test_pending_transactions_are_counted_and_found_by_place(rpc: Any, waiting: list[str]) -> None:
    """The head's own are not mixed with them."""
    assert rpc("eth_getBlockTransactionCountByNumber", "pending") == "0x2"
    assert rpc("eth_getBlockTransactionCountByNumber", "latest") == "0x0"
    by_place = "eth_getTransactionByBlockNumberAndIndex"
    found = [rpc(by_place, "pending", hex(index)) for index in range(2)]
    assert [transaction["hash"] for transaction in found] == waiting
    assert rpc(by_place, "pending", "0x2") is None


def test_accounts_and_calls_see_what_is_pending(rpc: Any, waiting: list[str]) -> None:
    """Balance, nonce, BALANCE and NUMBER in a call; the head stays as it was."""
    number = int(rpc("eth_blockNumber"), 16)
    for pending in ("pending", {"blockNumber": "pending"}):
        assert rpc("eth_getBalance", TO, pending) == "0xa"
    assert rpc("eth_getBalance", TO) == "0x0"
    code = {TO: {"code": "0x3031430160005260206000f3"}}  # address.balance + block.number
    assert int(rpc("eth_call", {"to": TO}, "pending", code), 16) == 10 + number + 1
    assert int(rpc("eth_call", {"to": TO}, "latest", code), 16) == number
    everything = {"from": TO, "to": TO, "value": "0xa"}  # what it has only there
    assert rpc("eth_estimateGas", everything, "pending") == hex(21_000)
    assert "insufficient funds" in rpc.fail("eth_estimateGas", everything, "latest")[1]


def test_nothing_of_the_pending_block_is_kept(rpc: Any, waiting: list[str]) -> None:
    """Its state is no state of the chain; without transactions it is empty."""
    rpc("eth_sendTransaction", {"from": rpc.accounts[0], "to": TO, "value": "0x1234567"})
    root = rpc("eth_getBlockByNumber", "pending")["stateRoot"]
    assert not rpc.node.cluster.world.has_root(bytes.fromhex(root[2:]))
    rpc.node.pool.clear()
    empty = rpc("eth_getBlockByNumber", "pending")
    assert (empty["transactions"], empty["gasUsed"]) == ([], "0x0")
    assert rpc("eth_getBalance", TO, "pending") == "0x0"


def test_what_cannot_be_executed_yet_is_not_in_the_pending_block(rpc: Any) -> None:
    """A nonce too far ahead waits on."""
    rpc("evm_setAutomine", False)
    rpc("eth_sendTransaction", {"from": rpc.accounts[0], "to": TO, "nonce": "0x50"})
    assert rpc("eth_getBlockByNumber", "pending")["transactions"] == []
