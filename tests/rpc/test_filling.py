"""What a node fills in before it signs or shows a transaction; eth-account reads the bytes."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

TO = "0x" + "11" * 20
GWEI = 10**9
BLOB = "0x" + "00" * 131_072


def test_nothing_but_a_recipient_gives_a_whole_transaction(rpc: Any) -> None:
    """Type 2 with room for the base fee to double, a tip of one gwei, gas as estimated."""
    base_fee = int(rpc("eth_baseFee"), 16)
    found = rpc("eth_fillTransaction", {"from": rpc.accounts[1], "to": TO, "value": "0x7"})["tx"]
    assert (found["type"], found["to"], found["value"]) == ("0x2", TO, "0x7")
    assert found["gas"] == rpc("eth_estimateGas", {"to": TO, "value": "0x0"})
    assert int(found["maxPriorityFeePerGas"], 16) == GWEI
    assert int(found["maxFeePerGas"], 16) == 2 * base_fee + GWEI
    assert (found["nonce"], found["chainId"]) == ("0x0", hex(31337))
    assert {found[key] for key in ("r", "s", "yParity")} == {"0x0"}


def test_what_is_given_stays(rpc: Any) -> None:
    """Nothing is asked of the chain for it."""
    given = {
        "nonce": "0x9",
        "gas": "0x7530",
        "to": TO,
        "value": "0x1",
        "input": "0x0102",
        "maxFeePerGas": hex(9 * GWEI),
        "maxPriorityFeePerGas": hex(2 * GWEI),
        "accessList": [{"address": TO, "storageKeys": ["0x" + "00" * 32]}],
    }
    found = rpc("eth_fillTransaction", {"from": rpc.accounts[0], **given})["tx"]
    assert {key: found[key] for key in given} == given


def test_a_signed_transaction_is_the_accounts_own(rpc: Any) -> None:
    """Recovered by eth-account, for each type; nothing is sent."""
    height = rpc("eth_blockNumber")
    for fields in (
        {"gasPrice": hex(3 * GWEI)},
        {"gasPrice": hex(3 * GWEI), "accessList": []},
        {},
    ):
        signed = rpc("eth_signTransaction", {"from": rpc.accounts[2], "to": TO, **fields})
        assert Account.recover_transaction(signed["raw"]).lower() == rpc.accounts[2]
    assert (rpc("eth_blockNumber"), rpc("eth_pendingTransactions")) == (height, [])


def test_waiting_transactions_count_for_the_nonce(rpc: Any) -> None:
    """The next one comes after them."""
    rpc("evm_setAutomine", False)
    before = int(rpc("eth_getTransactionCount", rpc.accounts[0]), 16)
    rpc("eth_sendTransaction", {"to": TO})
    found = rpc("eth_fillTransaction", {"from": rpc.accounts[0], "to": TO})["tx"]
    assert int(found["nonce"], 16) == before + 1


def test_blobs_get_commitments_hashes_and_cell_proofs(rpc: Any) -> None:
    """The network form of Osaka: 128 proofs a blob; the pool takes it as its own check."""
    fields = {"from": rpc.accounts[0], "to": TO, "blobs": [BLOB]}
    signed = rpc("eth_signTransaction", fields)
    shown = signed["tx"]
    assert (shown["type"], len(shown["blobVersionedHashes"])) == ("0x3", 1)
    assert shown["blobVersionedHashes"][0].startswith("0x01")
    assert int(shown["maxFeePerBlobGas"], 16) >= 1
    sent = rpc("eth_sendRawTransaction", signed["raw"])
    receipt = rpc("eth_getTransactionReceipt", sent)
    assert (receipt["status"], receipt["blobGasUsed"]) == ("0x1", hex(1 << 17))


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        ({"to": TO, "blobs": ["0x00"]}, -32602, "blobs[0] has 1 bytes, must have 131072"),
        ({"to": TO, "blobs": ["0x" + "ff" * 131_072]}, -32602, "blobs: "),
        (
            {"to": TO, "blobs": [BLOB], "blobVersionedHashes": ["0x01" + "00" * 31]},
            *(-32602, "blobVersionedHashes are not those of the blobs"),
        ),
        ({"data": "0xfe"}, -32000, ""),
        ({"to": TO, "value": hex(10**30)}, -32000, "insufficient funds"),
    ],
)
def test_what_cannot_be_filled_in_is_refused(
    rpc: Any, fields: dict[str, Any], code: int, message: str
) -> None:
    """With the reason of the estimate, or the field."""
    found = rpc.fail("eth_fillTransaction", fields)
    assert (found[0], message in found[1]) == (code, True), found
