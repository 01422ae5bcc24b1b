"""eth: sending, signed here or by the client."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak

from precompiles.models.samples import read_sample

if TYPE_CHECKING:
    from tests.conftest import Driver

TO = "0x" + "11" * 20
KEYLESS_SENDER = "0x3fab184622dc19b6109349b94811493bf2a45362"  # of a signature nobody made
DEPLOYER = "0x4e59b44847b379578588920ca78fbf26c0b4956c"  # of CREATE2, as Foundry expects it
PUBLISH_DEPLOYER = (
    "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b80"
    "82525050506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a022"
    "22222222222222222222222222222222222222222222222222222222222222"
)
GWEI = 10**9


def test_what_is_missing_is_filled_in(rpc: Any) -> None:
    """Sender, nonce, gas and fees, as Anvil does."""
    sent = rpc("eth_getTransactionByHash", rpc("eth_sendTransaction", {"to": TO}))
    assert (sent["from"], sent["type"], sent["gas"]) == (rpc.accounts[0], "0x2", hex(21_000))
    assert int(sent["maxPriorityFeePerGas"], 16) == GWEI
    assert int(sent["maxFeePerGas"], 16) > int(sent["gasPrice"], 16) > GWEI


@pytest.mark.parametrize(
    ("fields", "type_", "price"),
    [
        ({"gasPrice": hex(5 * GWEI)}, "0x0", 5 * GWEI),
        ({"type": "0x0"}, "0x0", None),
        ({"type": "0x1"}, "0x1", None),
        ({"gasPrice": hex(5 * GWEI), "accessList": []}, "0x1", 5 * GWEI),
        ({"maxFeePerGas": hex(4 * GWEI)}, "0x2", None),
        ({"maxFeePerGas": hex(4 * GWEI), "maxPriorityFeePerGas": hex(4 * GWEI)}, "0x2", 4 * GWEI),
        ({"maxPriorityFeePerGas": "0x0"}, "0x2", None),
        ({"accessList": [{"address": TO, "storageKeys": ["0x0"]}]}, "0x2", None),
    ],
)
def test_the_fee_fields_choose_the_type(
    rpc: Any, fields: dict[str, Any], type_: str, price: int | None
) -> None:
    """A gas price makes type 0, with an access list type 1; anything else type 2."""
    receipt = rpc.send(to=TO, value="0x1", **fields)
    assert (receipt["status"], receipt["type"]) == ("0x1", type_)
    if price is not None:
        assert int(receipt["effectiveGasPrice"], 16) == price


def test_a_contract_is_deployed_without_a_recipient(rpc: Any) -> None:
    """`to` absent, null or empty; the receipt has the address and no recipient."""
    creation = "0x6001600c60003960016000f300"  # deploys one byte, STOP
    for to in ({}, {"to": None}, {"to": "0x"}):
        receipt = rpc.send(data=creation, **to)
        assert receipt["to"] is None
        assert rpc("eth_getCode", receipt["contractAddress"]) == "0x00"


def test_a_transaction_that_reverts_is_mined_and_its_hash_returned(
    rpc: Any, call_data: Callable[..., str]
) -> None:
    """With gas given; without, the estimate tells the reason and nothing is sent."""
    wrong = {"to": rpc.deploy_reader(), "data": call_data("read(bytes)", b"")}
    height = rpc("eth_blockNumber")
    code, message = rpc.fail("eth_sendTransaction", wrong)
    assert (code, rpc("eth_blockNumber")) == (3, height)
    assert message.startswith("execution reverted")
    receipt = rpc.send(**wrong, gas=hex(100_000))
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])
    assert int(receipt["blockNumber"], 16) == int(height, 16) + 1


def test_only_unlocked_accounts_are_signed_for(rpc: Any) -> None:
    """The remedy is in the message."""
    code, message = rpc.fail("eth_sendTransaction", {"from": TO, "to": TO})
    assert code == -32000
    assert message.startswith(f"unknown account {TO}: use one of eth_accounts, or sign")


def test_a_nonce_ahead_waits_and_is_mined_when_the_gap_closes(rpc: Any) -> None:
    """The receipt is null until then."""
    nonce = int(rpc("eth_getTransactionCount", rpc.accounts[0]), 16)
    ahead = rpc("eth_sendTransaction", {"to": TO, "nonce": hex(nonce + 1)})
    assert rpc("eth_getTransactionReceipt", ahead) is None
    first = rpc("eth_sendTransaction", {"to": TO, "nonce": hex(nonce)})
    blocks = [rpc("eth_getTransactionReceipt", sent)["blockNumber"] for sent in (first, ahead)]
    assert blocks == [rpc("eth_blockNumber")] * 2


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"nonce": "0x0"}, "nonce too low: next nonce 1, tx nonce 0"),
        ({"value": hex(10**24)}, "insufficient funds"),
        ({"gas": "0x1"}, "intrinsic gas too low: have 1, want 21000"),
        ({"gas": hex(10**12)}, "exceeds block gas limit"),
        ({"gasPrice": "0x1"}, "max fee per gas less than block base fee"),
        ({"nonce": hex(2**64 - 1)}, "nonce has max value"),
        ({"value": hex(2**256 - 1)}, "insufficient funds"),
        ({"gasPrice": hex(2**256 - 1)}, "insufficient funds"),
    ],
)
def test_a_transaction_that_cannot_be_is_refused(
    rpc: Any, fields: dict[str, Any], message: str
) -> None:
    """With both values; nothing is mined."""
    rpc.send(to=TO)
    height = rpc("eth_blockNumber")
    code, text = rpc.fail("eth_sendTransaction", {"to": TO, "gas": hex(21_000), **fields})
    assert code == -32000
    assert message in text
    assert rpc("eth_blockNumber") == height


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, "above maxFeePerGas 1"),
        ({"type": "0x2", "gasPrice": "0x1"}, "does not go with gasPrice"),
        ({"type": "0x0", "maxFeePerGas": "0x1"}, "does not go with maxFeePerGas"),
        ({"type": "0x0", "accessList": []}, "does not go with accessList"),
        (
            {"type": "0x1", "authorizationList": []},
            "does not go with authorizationList; use type 4",
        ),
        ({"type": "0x7f"}, "there are types 0 to 4"),
    ],
)
@pytest.mark.parametrize(
    "method", ["eth_sendTransaction", "eth_signTransaction", "eth_fillTransaction"]
)
def test_a_type_that_its_fields_contradict_is_refused(
    rpc: Any, method: str, fields: dict[str, Any], message: str
) -> None:
    """Where a transaction is made; a call ignores the type, as in geth."""
    code, text = rpc.fail(method, {"to": TO, **fields})
    assert code == -32602
    assert message in text


@pytest.mark.parametrize("raw", ["0x", "0x00", "0xc0", "0x02", "0x03", "0x7f", "0xff", "0x02c0"])
def test_bytes_that_are_no_transaction_are_refused(rpc: Any, raw: str) -> None:
    """Empty, truncated, of unknown type or unsigned."""
    assert rpc.fail("eth_sendRawTransaction", raw)[0] == -32000


def test_a_transaction_is_taken_once(rpc: Any) -> None:
    """The second time its nonce is used."""
    rpc("eth_sendTransaction", {"to": TO})
    raw = "0x" + rpc.node.head.transactions[0].raw.hex()
    assert rpc.fail("eth_sendRawTransaction", raw)[1].startswith("nonce too low")


@pytest.mark.parametrize(
    "hardfork", ["frontier", "homestead", "tangerinewhistle", "spuriousdragon"]
)
def test_what_is_signed_here_can_be_read_under_every_fork(
    rpc: Any, start: Callable[..., Driver], hardfork: str
) -> None:
    """Before Spurious Dragon a signature binds no chain (EIP-155); models are registered too."""
    old = type(rpc)(start(validators=1, hardfork=hardfork).node)
    sent = old("eth_getTransactionByHash", old("eth_sendTransaction", {"to": TO, "value": "0x1"}))
    assert sent["from"] == old.accounts[0]
    assert ("chainId" in sent) == (hardfork == "spuriousdragon")
    signed = old("eth_signTransaction", {"from": old.accounts[1], "to": TO})
    assert old("eth_sendRawTransaction", signed["raw"]) == signed["tx"]["hash"]
    added = old("inference_addModel", "0x" + read_sample("digits_exact").hex())
    assert old("eth_getTransactionByHash", added["transactionHash"])["from"] == old.accounts[0]


def test_a_transaction_without_a_chain_and_a_key_is_taken(rpc: Any) -> None:
    """So the CREATE2 deployer comes to its address on any chain, and Foundry scripts find it."""
    rpc.send(to=KEYLESS_SENDER, value=hex(10**16))
    sent = rpc("eth_sendRawTransaction", PUBLISH_DEPLOYER)
    assert rpc("eth_getTransactionReceipt", sent)["contractAddress"] == DEPLOYER
    assert len(rpc("eth_getCode", DEPLOYER, "latest")) == 2 + 2 * 69
    rpc.send(to=DEPLOYER, data="0x" + "00" * 32 + "60006000f3", gas="0x186a0")
    salted = bytes.fromhex("ff" + DEPLOYER[2:] + "00" * 32) + keccak(hexstr="60006000f3")
    created = "0x" + keccak(salted)[12:].hex()
    assert rpc("eth_getTransactionCount", created, "latest") == "0x1"
