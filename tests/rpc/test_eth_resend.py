"""Sending again with another price, sending under conditions, and the network's id."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

TO = "0x" + "11" * 20
STORE = "0x6020356000355500"  # stores the second word of its input under the first


@pytest.fixture
def raw() -> str:
    """A transfer, signed by a client."""
    key = "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"
    fields = {"to": TO, "value": 5, "gas": 21_000, "gasPrice": 10**10, "nonce": 0, "chainId": 31337}
    signed: bytes = Account.sign_transaction(fields, key).raw_transaction
    return "0x" + signed.hex()


def test_the_network_has_the_id_of_the_chain(rpc: Any) -> None:
    """As `net_version`, which it is another name of."""
    assert rpc("eth_networkId") == rpc("net_version") == "31337"


def test_a_waiting_transaction_is_sent_again_with_another_price(rpc: Any) -> None:
    """The first one is gone; one that does not wait is not sent."""
    rpc("evm_setAutomine", False)
    request = {"from": rpc.accounts[0], "to": TO, "value": "0x5"}
    first = rpc("eth_sendTransaction", request)
    nonce = rpc("eth_getTransactionByHash", first)["nonce"]
    second = rpc("eth_resend", {**request, "nonce": nonce}, hex(10**11), "0x7530")
    (waiting,) = rpc("eth_pendingTransactions")
    assert (waiting["hash"], waiting["nonce"]) == (second, nonce)
    assert (waiting["gasPrice"], waiting["gas"]) == (hex(10**11), "0x7530")
    code, message = rpc.fail("eth_resend", {**request, "nonce": "0x99"}, hex(10**11))
    assert (code, "with nonce 153 waits" in message) == (-32000, True)
    code, message = rpc.fail("eth_resend", request, hex(10**11))
    assert (code, message) == (-32602, "missing transaction nonce in transaction spec")
    code, message = rpc.fail("eth_resend", {**request, "nonce": nonce}, hex(10**11))
    assert code == -32000


def test_conditions_that_hold_let_a_transaction_through(rpc: Any, raw: str) -> None:
    """Of the head, of words and of whole storages."""
    store = rpc.deploy(bytes.fromhex("6008600c60003960086000f3" + STORE[2:]))
    rpc.send(to=store, data="0x" + "01".zfill(64) + "02".zfill(64))
    head = rpc("eth_getBlockByNumber", "latest")
    root = rpc("eth_getProof", store, [])["storageHash"]
    for known in ({store: {"0x1": "0x2"}}, {store: root}):
        for name in ("number", "timestamp"):
            key = "blockNumber" if name == "number" else name
            bounds = {f"{key}Min": head[name], f"{key}Max": head[name]}
            conditions = {"knownAccounts": known, **bounds}
            before = rpc("evm_snapshot")
            sent = rpc("eth_sendRawTransactionConditional", raw, conditions)
            assert rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"
            rpc("evm_revert", before)


@pytest.mark.parametrize(
    ("conditions", "code", "message"),
    [
        ({"blockNumberMin": "0xffff"}, -32003, "must be at least 65535"),
        ({"blockNumberMax": "0x0"}, -32003, "must be at most 0"),
        ({"timestampMax": "0x1"}, -32003, "must be at most 1"),
        ({"knownAccounts": {TO: {"0x1": "0x2"}}}, -32003, "slot 0x1, is not as"),
        ({"knownAccounts": {TO: "0x" + "22" * 32}}, -32003, f"storage of {TO} is not as"),
        ({"knownAccounts": {TO: {"0x1": "x"}}}, -32602, "at most 32 bytes of hex"),
        ({"knownAccounts": {TO: {hex(n): "0x0" for n in range(1_001)}}}, -32005, "more than 1000"),
        ({"blockNumberMin": "0x2", "blockNumberMax": "0x1"}, -32602, "Min is 2, above"),
    ],
)
def test_conditions_that_do_not_hold_are_named(
    rpc: Any, raw: str, conditions: dict[str, Any], code: int, message: str
) -> None:
    """Nothing is sent."""
    rpc.send(to=TO)
    refused = rpc.fail("eth_sendRawTransactionConditional", raw, conditions)
    assert refused[0] == code
    assert message in refused[1]
    assert rpc("eth_getBalance", TO) == "0x0"
