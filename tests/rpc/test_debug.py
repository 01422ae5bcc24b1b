"""debug: what a block and its transactions are as bytes, and the default tracer's shape."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak

from devnet.chain.body import decode_block

UNKNOWN = "0x" + "ab" * 32
STEP_FIELDS = {"pc", "op", "gas", "gasCost", "depth", "stack"}


@pytest.fixture
def counter(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]) -> str:
    """A contract that counts its calls in slot 0 and returns the count."""
    count = assemble(0, "SLOAD", 1, "ADD", "DUP1", 0, "SSTORE", 0, "MSTORE", 32, 0, "RETURN")
    address: str = rpc.deploy(wrap(count))
    return address


def _hash(raw: str) -> str:
    return "0x" + keccak(hexstr=raw).hex()


def test_raw_answers_are_the_bytes_behind_the_hashes(rpc: Any, counter: str) -> None:
    """Header, block, transactions and receipts of one block belong together."""
    receipt = rpc.send(to=counter)
    number = receipt["blockNumber"]
    header, block = rpc("debug_getRawHeader", number), rpc("debug_getRawBlock", number)
    transactions = rpc("debug_getRawTransactions", number)
    assert _hash(header) == receipt["blockHash"]
    decoded = decode_block(bytes.fromhex(block[2:]))
    assert ["0x" + raw.hex() for raw in decoded.transactions] == transactions
    assert _hash(transactions[0]) == receipt["transactionHash"]
    assert rpc("debug_getRawTransaction", receipt["transactionHash"]) == transactions[0]
    (raw_receipt,) = rpc("debug_getRawReceipts", number)
    status, gas, bloom, logs = rlp.decode(bytes.fromhex(raw_receipt[4:]))
    assert raw_receipt.startswith("0x02")  # its type
    assert (status, int.from_bytes(gas), logs) == (b"\x01", int(receipt["gasUsed"], 16), [])
    assert "0x" + bloom.hex() == receipt["logsBloom"]


def test_waiting_and_unknown_transactions_have_raw_answers_too(rpc: Any, counter: str) -> None:
    """One that waits is at hand; one that nobody sent is null."""
    rpc.node.automine = False
    sent = rpc("eth_sendTransaction", {"from": rpc.accounts[0], "to": counter, "gas": "0x186a0"})
    assert _hash(rpc("debug_getRawTransaction", sent)) == sent
    assert rpc("debug_getRawTransaction", UNKNOWN) is None
    assert rpc("debug_clearTxpool") is None
    assert rpc("debug_getRawTransaction", sent) is None
    assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}


def test_a_step_has_geths_fields_and_options_add_or_take(rpc: Any, counter: str) -> None:
    """By default stack and storage, neither memory nor return data."""
    sent = rpc.send(to=counter)["transactionHash"]
    plain = rpc("debug_traceTransaction", sent)
    assert plain.keys() == {"gas", "failed", "returnValue", "structLogs"}
    assert (plain["failed"], plain["returnValue"]) == (False, "0x" + "1".rjust(64, "0"))
    logs = plain["structLogs"]
    assert [log["op"] for log in logs[:2]] == ["PUSH0", "SLOAD"]
    assert logs[0].keys() == STEP_FIELDS
    assert logs[1]["storage"] == {"0x" + "0" * 64: "0x" + "0" * 64}
    options = {"disableStack": True, "disableStorage": True, "enableMemory": True}
    bare = rpc("debug_traceTransaction", sent, options)["structLogs"]
    assert bare[1].keys() == STEP_FIELDS - {"stack"} | {"memory"}
    assert bare[-1]["memory"] == [plain["returnValue"]]
    assert [log["gas"] for log in bare] == [log["gas"] for log in logs]


def test_return_data_is_shown_where_there_is_any(
    rpc: Any, counter: str, assemble: Callable[..., bytes], wrap: Callable[..., bytes]
) -> None:
    """After the call, until the next one."""
    code = assemble(0, 0, 0, 0, 0, bytes.fromhex(counter[2:]), "GAS", "CALL", "STOP")
    sent = rpc.send(to=rpc.deploy(wrap(code)), gas="0x30d40")["transactionHash"]
    logs = rpc("debug_traceTransaction", sent, {"enableReturnData": True})["structLogs"]
    assert [log["op"] for log in logs if "returnData" in log] == ["STOP"]
    assert logs[-1]["returnData"] == "0x" + "1".rjust(64, "0")


def test_a_limit_cuts_the_steps_and_not_the_result(rpc: Any, counter: str) -> None:
    """In geth's words: at most so many logs."""
    receipt = rpc.send(to=counter)
    traced = rpc("debug_traceTransaction", receipt["transactionHash"], {"limit": 3})
    assert len(traced["structLogs"]) == 3
    assert traced["gas"] == int(receipt["gasUsed"], 16)


def test_a_trace_that_is_too_large_is_refused_with_the_remedy(
    rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]
) -> None:
    """A loop beside much memory, until its gas is gone; with less asked for there is an answer."""
    loop = assemble(1, 100_000, "MSTORE") + bytes.fromhex("5b600756")
    sent = rpc.send(to=rpc.deploy(wrap(loop)), gas=hex(100_000))["transactionHash"]
    code, message = rpc.fail("debug_traceTransaction", sent, {"enableMemory": True})
    assert code == -32000
    assert message.startswith("the trace is larger than 134,217,728 bytes; ask for less of it")
    for less in ({"limit": 5, "enableMemory": True}, {}):
        assert len(rpc("debug_traceTransaction", sent, less)["structLogs"]) >= 5
    assert rpc("debug_traceTransaction", sent, {"tracer": "callTracer"})["error"] == "out of gas"


def test_a_block_is_traced_by_number_hash_and_bytes_alike(rpc: Any, counter: str) -> None:
    """All transactions in order, each as it would be alone."""
    rpc.node.automine = False
    for n in range(3):
        fields = {"from": rpc.accounts[n], "to": counter, "gas": "0x186a0"}
        rpc("eth_sendTransaction", fields)
    rpc("evm_mine")
    block = rpc("eth_getBlockByNumber", "latest", False)
    raw = rpc("debug_getRawBlock", "latest")
    by_number = rpc("debug_traceBlockByNumber", block["number"])
    assert [entry["txHash"] for entry in by_number] == block["transactions"]
    assert len(by_number) == 3
    assert rpc("debug_traceBlockByHash", block["hash"]) == by_number
    assert rpc("debug_traceBlock", raw) == by_number
    for entry in by_number:
        assert rpc("debug_traceTransaction", entry["txHash"]) == entry["result"]
    assert [entry["result"]["returnValue"][-1] for entry in by_number] == ["1", "2", "3"]


def test_a_block_that_is_not_of_this_chain_is_not_traced(rpc: Any) -> None:
    """Its parent's state may be anything."""
    snapshot = rpc("evm_snapshot")
    rpc("evm_mine")
    raw = rpc("debug_getRawBlock", "latest")
    rpc("evm_revert", snapshot)
    code, message = rpc.fail("debug_traceBlock", raw)
    assert code == -32000
    assert message.startswith("the block is not one of this chain")


def test_a_call_is_traced_between_the_transactions_of_a_block(rpc: Any, counter: str) -> None:
    """Before the one that is named, overrides on top; the last is not the end."""
    rpc.node.automine = False
    for account in rpc.accounts[:2]:
        rpc("eth_sendTransaction", {"from": account, "to": counter, "gas": "0x186a0"})
    rpc("evm_mine")
    call = {"from": rpc.accounts[5], "to": counter}
    slot = {"0x" + "0" * 64: "0x" + "9".rjust(64, "0")}
    overridden = {"txIndex": 1, "stateOverrides": {counter: {"stateDiff": slot}}}
    for config, count in (({"txIndex": "0x0"}, 1), ({"txIndex": 1}, 2), ({}, 3), (overridden, 10)):
        traced = rpc("debug_traceCall", call, "latest", config)
        assert int(traced["returnValue"], 16) == count
    assert rpc.fail("debug_traceCall", call, "latest", {"txIndex": 2})[0] == -32602
    assert rpc("debug_freeOSMemory") is None


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ({"gas": "0x1"}, "tracing failed: intrinsic gas too low: have 1, want 21000"),
        ({"maxFeePerGas": "0x1"}, "tracing failed: max fee per gas less than block base fee: "),
        ({"value": hex(2**200)}, "tracing failed: insufficient funds for gas * price + value: "),
    ],
)
def test_a_call_that_does_not_begin_is_not_traced(
    rpc: Any, field: dict[str, str], reason: str
) -> None:
    """The reason is in the words of geth, by whatever tracer."""
    call = {"from": rpc.accounts[0], "to": rpc.accounts[1], **field}
    for config in ({}, {"tracer": "callTracer"}):
        code, message = rpc.fail("debug_traceCall", call, "latest", config)
        assert (code, message.startswith(reason)) == (-32000, True)


def test_an_empty_block_has_no_traces(rpc: Any) -> None:
    """Of nothing."""
    rpc("evm_mine")
    assert rpc("debug_traceBlockByNumber", "latest") == []


def test_what_cannot_be_traced_is_refused_by_name(rpc: Any) -> None:
    """Codes and words as geth has them."""
    genesis = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    for method, parameter in (
        ("debug_traceBlockByNumber", "0x0"),
        ("debug_traceBlockByHash", genesis),
    ):
        assert rpc.fail(method, parameter) == (-32000, "genesis is not traceable")
    assert rpc.fail("debug_traceTransaction", UNKNOWN) == (-32000, "transaction not found")
    assert rpc.fail("debug_traceBlockByHash", UNKNOWN)[0] == -32000
    assert rpc.fail("debug_traceBlockByNumber", "0xffff")[0] == -32000
    assert rpc.fail("debug_traceBlock", "0x01")[0] == -32000
    for method in ("debug_getRawHeader", "debug_getRawBlock", "debug_getRawReceipts"):
        assert rpc.fail(method, "2")[0] == -32602


def test_timeout_and_reexec_are_taken_as_geth_takes_them(rpc: Any, counter: str) -> None:
    """A duration in Go's form; what bounds a trace here is its size."""
    sent = rpc.send(to=counter)["transactionHash"]
    plain = rpc("debug_traceTransaction", sent)
    for timeout in ("5s", "1m30s", "300ms", "0"):
        given = {"timeout": timeout, "reexec": 128}
        assert rpc("debug_traceTransaction", sent, given) == plain
    code, message = rpc.fail("debug_traceTransaction", sent, {"timeout": "soon"})
    assert (code, "duration" in message) == (-32602, True)
