"""testing_buildBlockV1: the block that validators decided, built again, is the oracle."""

from __future__ import annotations

from typing import Any

import pytest

TO = "0x" + "11" * 20
FEES = {"gas": hex(21_000), "maxFeePerGas": hex(3 * 10**9), "maxPriorityFeePerGas": hex(10**9)}


def describe(block: dict[str, Any]) -> dict[str, Any]:
    """The attributes with which a block was made."""
    return {
        "timestamp": block["timestamp"],
        "prevRandao": block["mixHash"],
        "suggestedFeeRecipient": block["miner"],
        "parentBeaconBlockRoot": block["parentBeaconBlockRoot"],
        "withdrawals": [],
    }


@pytest.fixture
def mined(rpc: Any) -> dict[str, Any]:
    """A decided block with two transactions."""
    rpc("evm_setAutomine", False)
    for account in rpc.accounts[:2]:
        rpc("eth_sendTransaction", {"from": account, "to": TO, "value": "0x1", **FEES})
    rpc("evm_mine")
    block: dict[str, Any] = rpc("eth_getBlockByNumber", "latest", True)
    return block


def test_a_decided_block_is_built_again(rpc: Any, mined: dict[str, Any]) -> None:
    """From its parent, attributes and transactions: the same hash, and what it is worth."""
    raws = rpc("debug_getRawTransactions", mined["number"])
    built = rpc("testing_buildBlockV1", mined["parentHash"], describe(mined), raws)
    payload = built["executionPayload"]
    assert payload["blockHash"] == mined["hash"]
    assert payload["transactions"] == raws
    for theirs, ours in (("blockNumber", "number"), ("feeRecipient", "miner")):
        assert payload[theirs] == mined[ours]
    for key in ("stateRoot", "receiptsRoot", "logsBloom", "gasLimit", "gasUsed", "extraData"):
        assert payload[key] == mined[key]
    assert int(built["blockValue"], 16) == 2 * 21_000 * 10**9
    assert (built["executionRequests"], built["shouldOverrideBuilder"]) == ([], False)


def test_the_pool_is_taken_if_no_transactions_are_given(rpc: Any) -> None:
    """What is executable now; an empty list is an empty block; the chain stays where it is."""
    rpc("evm_setAutomine", False)
    sent = rpc("eth_sendTransaction", {"to": TO, **FEES})
    rpc("eth_sendTransaction", {"from": rpc.accounts[1], "to": TO, "nonce": "0x63", **FEES})
    head = rpc("eth_getBlockByNumber", "latest")
    attributes = describe(head) | {"timestamp": hex(int(head["timestamp"], 16) + 5)}
    for transactions, wanted in ((None, [rpc("eth_getRawTransactionByHash", sent)]), ([], [])):
        built = rpc("testing_buildBlockV1", head["hash"], attributes, transactions)
        assert built["executionPayload"]["transactions"] == wanted
        assert built["executionPayload"]["timestamp"] == attributes["timestamp"]
    assert rpc("eth_getBlockByNumber", "latest") == head
    assert len(rpc("eth_pendingTransactions")) == 2


def test_withdrawals_are_paid_out(rpc: Any, mined: dict[str, Any]) -> None:
    """They change the state root and stand in the block."""
    paid = {"index": "0x1", "validatorIndex": "0x2", "address": TO, "amount": "0x3"}
    roots = set()
    for withdrawals in ([], [paid]):
        attributes = describe(mined) | {"withdrawals": withdrawals}
        built = rpc("testing_buildBlockV1", mined["parentHash"], attributes, [])
        assert built["executionPayload"]["withdrawals"] == withdrawals
        roots.add(built["executionPayload"]["stateRoot"])
    assert len(roots) == 2


def test_what_cannot_be_built_is_refused(rpc: Any, mined: dict[str, Any]) -> None:
    """A transaction that is used already, a parent that is not there, attributes that are none."""
    raws, head, attributes = (
        rpc("debug_getRawTransactions", mined["number"]),
        mined["hash"],
        describe(mined),
    )
    for params, code, message in (
        ([head, attributes, raws], -32000, "nonce too low"),
        ([mined["parentHash"], attributes, ["0x02"]], -32000, ""),
        (["0x" + "12" * 32, attributes, []], -32000, "unknown parent"),
        ([head, {}, []], -32602, "an object with timestamp"),
        ([head, attributes | {"timestamp": "now"}, []], -32602, "payloadAttributes.timestamp"),
        ([head, attributes, [], "0x1"], -32602, "extraData"),
    ):
        found = rpc.fail("testing_buildBlockV1", *params)
        assert (found[0], message in found[1]) == (code, True), found
