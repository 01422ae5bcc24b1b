"""What simulated blob transactions pay, and which refusals are the caller's fault."""

from __future__ import annotations

import json
from typing import Any

from devnet.config import Config
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods

POOR = "0x" + "77" * 20
BLOB = "0x01" + "22" * 31


def simulate(rpc: Any, *calls: dict[str, Any], **options: Any) -> dict[str, Any]:
    """The whole answer to one block of calls."""
    blocks = [{"calls": list(calls), **options.pop("block", {})}]
    answer: dict[str, Any] = rpc.answer("eth_simulateV1", {"blockStateCalls": blocks, **options})
    return answer


def test_blobs_are_free_for_a_call_that_names_no_fee(rpc: Any) -> None:
    """Its sender needs no ether."""
    call = {"from": POOR, "to": POOR, "blobVersionedHashes": [BLOB]}
    (block,) = simulate(rpc, call)["result"]
    assert block["calls"][0]["status"] == "0x1"
    assert block["blobGasUsed"] == "0x20000"


def test_blobs_are_paid_for_where_a_block_is_validated(rpc: Any) -> None:
    """A fee below the block's is refused with both."""
    block = {"blockOverrides": {"baseFeePerGas": "0x0", "blobBaseFee": "0x5"}}
    call = {"from": rpc.accounts[0], "to": POOR, "blobVersionedHashes": [BLOB]}
    for fee, refused in (("0x4", True), ("0x5", False)):
        fees = {"maxFeePerBlobGas": fee, "maxFeePerGas": "0x1"}
        answer = simulate(rpc, call | fees, block=block, validation=True)
        assert ("error" in answer) == refused
        if refused:
            assert answer["error"]["code"] == -38012
            assert "blobGasFeeCap: 4, blobBaseFee: 5" in answer["error"]["message"]


def test_the_last_nonce_has_no_successor(rpc: Any) -> None:
    """With the code that execution-apis records for it."""
    last = hex(2**64 - 1)
    block = {
        "stateOverrides": {POOR: {"nonce": last, "balance": hex(10**20)}},
        "blockOverrides": {"baseFeePerGas": "0x0"},
    }
    call = {"from": POOR, "to": POOR, "nonce": last}
    error = simulate(rpc, call, block=block, validation=True)["error"]
    assert error["code"] == -32603
    assert "nonce has max value" in error["message"]


def test_blobs_before_there_were_any_cost_nothing() -> None:
    """Not even where a block is validated: there is no fee to be below of."""
    handle = Dispatcher(build_methods(Node(Config(validators=1, hardfork="berlin")))).handle
    calls = [{"from": POOR, "to": POOR, "blobVersionedHashes": [BLOB]}]
    overrides = {POOR: {"balance": hex(10**22)}}
    payload = {"blockStateCalls": [{"calls": calls, "stateOverrides": overrides}]}
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_simulateV1"}
    for validates in (False, True):
        params = [payload | {"validation": validates}]
        answer = json.loads(handle(json.dumps(body | {"params": params}).encode()) or b"")
        assert answer["result"][0]["calls"][0]["status"] == "0x1"
