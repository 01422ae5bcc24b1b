"""Block parameters: every method that takes a block takes all its names."""

from __future__ import annotations

from typing import Any

import pytest

TO, UNKNOWN = "0x" + "11" * 20, "0x" + "12" * 32
CALL = {"to": TO, "value": "0x0"}
METHODS: list[tuple[str, list[Any]]] = [
    ("eth_getBalance", [TO]),
    ("eth_getCode", [TO]),
    ("eth_getStorageAt", [TO, "0x0"]),
    ("eth_getStorageValues", [{TO: ["0x0"]}]),
    ("eth_getTransactionCount", [TO]),
    ("eth_getProof", [TO, []]),
    ("eth_getAccount", [TO]),
    ("eth_getAccountInfo", [TO]),
    ("eth_call", [CALL]),
    ("eth_estimateGas", [CALL]),
    ("eth_createAccessList", [CALL]),
    ("eth_simulateV1", [{"blockStateCalls": [{"calls": [CALL]}]}]),
    ("debug_traceCall", [CALL]),
    ("debug_getRawHeader", []),
    ("debug_getRawBlock", []),
    ("debug_getRawReceipts", []),
    ("eth_getBlockReceipts", []),
]
BY_NUMBER: list[tuple[str, list[Any]]] = [
    ("eth_getBlockByNumber", []),
    ("eth_getHeaderByNumber", []),
    ("eth_getBlockTransactionCountByNumber", []),
    ("eth_getUncleCountByBlockNumber", []),
    ("debug_traceBlockByNumber", []),
]
NAMES = [method for method, _ in METHODS]


@pytest.mark.parametrize(("method", "params"), METHODS, ids=NAMES)
def test_a_block_has_many_names(rpc: Any, method: str, params: list[Any]) -> None:
    """Number, tag, hash, and an object with number or hash (EIP-1898); the head if none."""
    rpc.send(to=TO, value="0x5")
    head = rpc("eth_getBlockByNumber", "latest")
    number, block_hash = head["number"], head["hash"]
    wanted = rpc(method, *params, number)
    for name in (
        *("latest", "safe", "finalized", block_hash, int(number, 16)),
        *({"blockHash": block_hash}, {"blockHash": block_hash, "requireCanonical": True}),
        *({"blockNumber": number}, {"blockNumber": "latest"}),
    ):
        assert rpc(method, *params, name) == wanted, name
    if params:
        assert rpc(method, *params) == wanted
    first = rpc("eth_getBlockByNumber", "earliest")
    assert first["number"] == "0x0"
    for name in ("earliest", first["hash"], {"blockNumber": "earliest"}):
        assert rpc(method, *params, name) == rpc(method, *params, "0x0")


@pytest.mark.parametrize(("method", "params"), METHODS[:-1], ids=NAMES[:-1])
def test_a_block_that_is_not_there_is_an_error(rpc: Any, method: str, params: list[Any]) -> None:
    """With geth's code and words; receipts alone are null."""
    for name in ("0xffff", UNKNOWN, {"blockHash": UNKNOWN}, {"blockNumber": "0xffff"}):
        code, message = rpc.fail(method, *params, name)
        assert (code, message.startswith("header not found: ")) == (-32000, True), message
        assert rpc("eth_getBlockReceipts", name) is None


@pytest.mark.parametrize(("method", "params"), BY_NUMBER, ids=[m for m, _ in BY_NUMBER])
def test_a_method_by_number_takes_no_hash(rpc: Any, method: str, params: list[Any]) -> None:
    """Neither bare nor in an object: those have methods of their own."""
    rpc("evm_mine")
    block_hash = rpc("eth_getBlockByNumber", "latest")["hash"]
    assert rpc.fail(method, *params, {"blockHash": block_hash})[0] == -32602
    assert rpc(method, *params, "latest") == rpc(method, *params, rpc("eth_blockNumber"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ({}, "given by either blockNumber or blockHash"),
        ({"blockNumber": "0x0", "blockHash": UNKNOWN}, "given by either blockNumber or blockHash"),
        ({"blockHash": "0x12"}, "block.blockHash is"),
        ({"blockNumber": "newest"}, "block.blockNumber is"),
        ({"blockHash": UNKNOWN, "requireCanonical": 1}, "block.requireCanonical is 1"),
        ("0x" + "1g" * 32, "must be 32 bytes of hex"),
        ("newest", "must be a block number in hex, or latest"),
    ],
)
def test_what_is_no_name_is_refused(rpc: Any, name: Any, message: str) -> None:
    """With what it must be."""
    code, text = rpc.fail("eth_getBalance", TO, name)
    assert (code, message in text) == (-32602, True), text
