"""eth: transactions that wait, and those found by sender and nonce."""

from __future__ import annotations

from typing import Any

TO = "0x" + "11" * 20
GAS = {"gas": hex(21_000)}


def test_what_waits_is_listed_in_order_of_arrival(rpc: Any) -> None:
    """Until it is in a block."""
    rpc("evm_setAutomine", False)
    sent = [rpc("eth_sendTransaction", {"from": a, "to": TO, **GAS}) for a in rpc.accounts[2::-1]]
    listed = rpc("eth_pendingTransactions")
    assert [waiting["hash"] for waiting in listed] == sent
    assert {waiting["blockHash"] for waiting in listed} == {None}
    rpc("evm_mine")
    assert rpc("eth_pendingTransactions") == []


def test_a_transaction_is_found_by_sender_and_nonce(rpc: Any) -> None:
    """Each of many blocks, several in one block, one that waits, and none."""
    sender = rpc.accounts[0]
    first = int(rpc("eth_getTransactionCount", sender), 16)
    sent = []
    for count in (1, 0, 2, 1, 3):
        rpc("evm_setAutomine", False)
        sent += [rpc("eth_sendTransaction", {"to": TO, **GAS}) for _ in range(count)]
        rpc("evm_mine", {"blocks": 2})
    sent.append(rpc("eth_sendTransaction", {"to": TO, **GAS}))
    for index, transaction_hash in enumerate(sent):
        found = rpc("eth_getTransactionBySenderAndNonce", sender, hex(first + index))
        assert found == rpc("eth_getTransactionByHash", transaction_hash)
    assert found["blockHash"] is None
    assert rpc("eth_getTransactionBySenderAndNonce", sender, hex(first + len(sent))) is None
    assert rpc("eth_getTransactionBySenderAndNonce", TO, "0x0") is None
