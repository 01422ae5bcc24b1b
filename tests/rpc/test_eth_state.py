"""eth: accounts, calls and estimates."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

ETHER = 10**18
TO = "0x" + "11" * 20


def test_accounts_hold_what_the_chain_says(rpc: Any) -> None:
    """Balance, nonce, code and storage, at the head and before it."""
    sender = rpc.accounts[0]
    assert rpc("eth_getBalance", TO) == rpc("eth_getTransactionCount", TO) == "0x0"
    assert rpc("eth_getCode", TO) == "0x"
    assert rpc("eth_getStorageAt", TO, "0x0") == "0x" + "00" * 32
    assert int(rpc("eth_getBalance", sender, "earliest"), 16) == 10_000 * ETHER
    before = int(rpc("eth_getTransactionCount", sender), 16)
    receipt = rpc.send(to=TO, value=hex(ETHER))
    assert rpc("eth_getBalance", TO) == hex(ETHER)
    assert rpc("eth_getBalance", TO, hex(int(receipt["blockNumber"], 16) - 1)) == "0x0"
    assert int(rpc("eth_getTransactionCount", sender), 16) == before + 1


def test_the_pending_nonce_counts_the_pool(rpc: Any) -> None:
    """And the latest one does not."""
    sender = rpc.accounts[0]
    before = int(rpc("eth_getTransactionCount", sender), 16)
    rpc("evm_setAutomine", False)
    rpc("eth_sendTransaction", {"from": sender, "to": TO})
    rpc("eth_sendTransaction", {"from": sender, "to": TO})
    assert int(rpc("eth_getTransactionCount", sender, "pending"), 16) == before + 2
    assert int(rpc("eth_getTransactionCount", sender, "latest"), 16) == before


def test_a_call_sees_storage_and_changes_none(
    rpc: Any, call_data: Callable[..., str], read_data: Callable[[int], str]
) -> None:
    """A digit is read by a call, by a transaction, and stays in storage."""
    reader = rpc.deploy_reader()
    digit = rpc("eth_call", {"to": reader, "data": read_data(1)})
    assert int(rpc("eth_call", {"to": reader, "input": call_data("readings()")}), 16) == 0
    receipt = rpc.send(to=reader, data=read_data(1))
    assert receipt["status"] == "0x1"
    assert rpc("eth_call", {"to": reader, "data": call_data("lastDigit()")}) == digit
    assert rpc("eth_getStorageAt", reader, "0x" + "00" * 32) == digit
    before = hex(int(receipt["blockNumber"], 16) - 1)
    assert int(rpc("eth_call", {"to": reader, "data": call_data("readings()")}, before), 16) == 0


def test_an_estimate_is_the_least_gas_that_succeeds(
    rpc: Any, read_data: Callable[[int], str]
) -> None:
    """Exactly so much gas is enough; one unit less is not."""
    message = {"from": rpc.accounts[0], "to": rpc.deploy_reader(), "data": read_data(2)}
    gas = int(rpc("eth_estimateGas", message), 16)
    assert rpc.send(**message | {"gas": hex(gas - 1)})["status"] == "0x0"
    assert rpc.send(**message | {"gas": hex(gas)})["status"] == "0x1"


def test_an_access_list_is_paid_for_and_prewarms(rpc: Any) -> None:
    """2,400 gas an address and 1,900 a slot (EIP-2930)."""
    plain = {"to": TO}
    keys = ["0x" + "00" * 32, "0x1"]
    listed = {"to": TO, "accessList": [{"address": TO, "storageKeys": keys}]}
    gas = [int(rpc("eth_estimateGas", message), 16) for message in (plain, listed)]
    assert gas == [21_000, 21_000 + 2_400 + 2 * 1_900]


def test_a_revert_has_code_3_a_reason_and_data(rpc: Any, call_data: Callable[..., str]) -> None:
    """In calls and estimates, for custom errors and for reasons of precompiles alike."""
    reader = rpc.deploy_reader()
    wrong = {"to": reader, "data": call_data("read(bytes)", b"\x00")}
    for method in ("eth_call", "eth_estimateGas"):
        error = rpc.answer(method, wrong)["error"]
        assert error["code"] == 3
        assert error["message"].startswith("execution reverted: custom error 0x")
        assert error["data"].endswith("01")
    unknown = call_data("manifest(bytes32)", b"\x12" * 32)
    error = rpc.answer("eth_call", {"to": "0x" + "00" * 19 + "f8", "data": unknown})["error"]
    assert error["message"].startswith("execution reverted: UnknownModel: 0x1212")
    assert bytes.fromhex(error["data"][2:])[4:].find(b"UnknownModel") > 0


def test_a_call_with_a_price_is_tried_with_what_the_sender_can_pay(rpc: Any) -> None:
    """A poor sender's estimate is not stopped by the block's gas limit."""
    rpc.send(to=TO, value=hex(10**14))
    fees = {"maxFeePerGas": hex(2 * 10**9), "maxPriorityFeePerGas": "0x1"}
    assert rpc("eth_estimateGas", {"from": TO, "to": TO, **fees}) == hex(21_000)
    code, message = rpc.fail(
        "eth_call", {"from": TO, "to": TO, "gas": "0x5208", "value": hex(ETHER)}
    )
    assert code == -32000
    assert "insufficient funds" in message


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"to": "0x12"}, 'transaction.to is "0x12", must be 20 bytes'),
        ({"to": TO, "value": 5}, "transaction.value is 5, must be a hex quantity"),
        ({"to": TO, "data": "0x1"}, 'transaction.data is "0x1", must be hex'),
        ({"to": TO, "data": "0x01", "input": "0x02"}, "input and transaction.data differ"),
        ({"to": TO, "chainId": "0x1"}, "chainId is 1, this chain is 31337"),
        ({"to": TO, "accessList": [{}]}, "accessList[0] is an object, must be"),
        ({"to": TO, "accessList": [{"address": TO, "storageKeys": [1]}]}, "storageKeys[0] is 1"),
        ({"to": TO, "authorizationList": [{}]}, "authorizationList[0] is an object, must be"),
        ({"to": TO, "blobVersionedHashes": ["0x"]}, "must be 32 bytes of hex"),
        ("0x", 'transaction is "0x", must be an object'),
    ],
)
def test_a_transaction_object_that_does_not_read_is_refused(
    rpc: Any, fields: object, message: str
) -> None:
    """Field, value and expected form, from every method that takes one."""
    for method in ("eth_call", "eth_estimateGas", "eth_sendTransaction"):
        code, text = rpc.fail(method, fields)
        assert code == -32602
        assert message in text


def test_calls_that_cannot_succeed_say_why(rpc: Any) -> None:
    """Gas too low, no funds, and a fee below the base fee; around it geth's words by method."""
    rich = rpc.accounts[0]
    base_fee = int(rpc("eth_getBlockByNumber", "latest")["baseFeePerGas"], 16)
    for call, reason in (
        (
            {"from": TO, "to": TO, "value": "0x1"},
            f"insufficient funds for gas * price + value: address {TO} have 0 want 1",
        ),
        (
            {"from": rich, "to": TO, "maxFeePerGas": "0x1"},
            "max fee per gas less than block base fee: "
            f"address {to_checksum_address(rich)}, maxFeePerGas: 1, baseFee: {base_fee}",
        ),
    ):
        for method, words in (
            ("eth_call", f"err: {reason} (supplied gas 50000000)"),
            ("eth_estimateGas", f"failed with 16777216 gas: {reason}"),
            ("eth_createAccessList", f"failed to apply transaction: err: {reason}"),
        ):
            assert rpc.fail(method, call) == (-32000, words)
    assert (
        "intrinsic gas too low: have 20000, want 21000"
        in rpc.fail("eth_call", {"to": TO, "gas": hex(20_000)})[1]
    )
    assert rpc("eth_call", {"to": TO}, "latest", {}) == "0x"


def test_a_call_must_be_able_to_pay_the_most_it_offers(rpc: Any) -> None:
    """By the highest fee it names, as for a transaction, whatever it would be charged."""
    call = {"from": rpc.accounts[0], "to": TO, "gas": "0x186a0", "maxPriorityFeePerGas": "0x1"}
    assert rpc("eth_call", {**call, "maxFeePerGas": hex(10**16)}) == "0x"
    text = rpc.fail("eth_call", {**call, "maxFeePerGas": hex(10**18)})[1]
    assert f"want {10**23} (supplied gas 100000)" in text
    del call["gas"]
    assert rpc("eth_estimateGas", {**call, "maxFeePerGas": hex(10**16)}) == "0x5208"
    text = rpc.fail("eth_estimateGas", {**call, "maxFeePerGas": hex(10**18)})[1]
    assert text == "gas required exceeds allowance (10000)"
