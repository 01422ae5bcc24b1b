"""trace: frames as Parity lists them, found by place, address or range; transactions run again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
from eth_account import Account

from devnet.rpc import trace

UNKNOWN = "0x" + "ab" * 32
BOTH = ["trace", "stateDiff"]


@pytest.fixture
def counter(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]) -> str:
    """A contract that counts its calls in slot 0 and returns the count."""
    count = assemble(0, "SLOAD", 1, "ADD", "DUP1", 0, "SSTORE", 0, "MSTORE", 32, 0, "RETURN")
    address: str = rpc.deploy(wrap(count))
    return address


@pytest.fixture
def relay(
    rpc: Any, counter: str, assemble: Callable[..., bytes], wrap: Callable[..., bytes]
) -> str:
    """A contract that calls the counter twice."""
    target = bytes.fromhex(counter[2:])
    call = assemble(0, 0, 0, 0, 0, target, 50_000, "CALL", "POP")
    address: str = rpc.deploy(wrap(call * 2))
    return address


def test_frames_of_a_transaction_are_found_one_by_one(rpc: Any, relay: str, counter: str) -> None:
    """By trace address; null for none, and for an unknown transaction."""
    receipt = rpc.send(to=relay, gas="0x30d40")
    sent = receipt["transactionHash"]
    traces = rpc("trace_transaction", sent)
    assert [found["traceAddress"] for found in traces] == [[], [0], [1]]
    assert [found["action"]["to"] for found in traces] == [relay, counter, counter]
    assert [found["subtraces"] for found in traces] == [2, 0, 0]
    for found in traces:
        place = [hex(index) for index in found["traceAddress"]]
        assert rpc("trace_get", sent, place) == found
        assert found["blockHash"] == receipt["blockHash"]
        assert (found["transactionHash"], found["transactionPosition"]) == (sent, 0)
    assert rpc("trace_get", sent, ["0x2"]) is None
    assert rpc("trace_get", UNKNOWN, []) is None
    assert rpc("trace_transaction", UNKNOWN) is None
    assert rpc("trace_block", receipt["blockNumber"]) == traces
    assert rpc("trace_block", "0xffff") is None


def test_an_outermost_frame_has_what_is_left_after_the_transaction_paid_for_itself(
    rpc: Any, counter: str
) -> None:
    """Parity's gas is not geth's."""
    sent = rpc.send(to=counter, gas="0x30d40")["transactionHash"]
    (found,) = rpc("trace_transaction", sent)
    assert int(found["action"]["gas"], 16) == 0x30D40 - 21_000
    top = rpc("debug_traceTransaction", sent, {"tracer": "callTracer"})
    assert top["gas"] == "0x30d40"
    assert int(top["gasUsed"], 16) - int(found["result"]["gasUsed"], 16) == 21_000


def test_a_filter_finds_callers_and_called_ones_in_a_range(
    rpc: Any, relay: str, counter: str
) -> None:
    """Either is enough; both only with `intersection`; pages follow each other without a gap."""
    first = rpc.send(to=relay, gas="0x30d40")["blockNumber"]
    last = rpc.send(to=counter)["blockNumber"]
    window = {"fromBlock": first, "toBlock": last}
    every = rpc("trace_filter", window)
    assert every == rpc("trace_block", first) + rpc("trace_block", last)
    me = rpc.accounts[0]
    for fields, wanted in (
        ({"fromAddress": [relay]}, [1, 2]),
        ({"toAddress": [counter]}, [1, 2, 3]),
        ({"fromAddress": [me], "toAddress": [counter]}, [0, 1, 2, 3]),
        ({"fromAddress": [me], "toAddress": [counter], "mode": "intersection"}, [3]),
        ({"fromAddress": [counter]}, []),
    ):
        assert rpc("trace_filter", {**window, **fields}) == [every[n] for n in wanted]
    pages = [rpc("trace_filter", {**window, "after": n, "count": 1}) for n in range(5)]
    assert list(chain.from_iterable(pages)) == every


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"fromBlock": "0x2", "toBlock": "0x1"}, -32602),
        ({"toBlock": "0xfff"}, -32000),
        ({"mode": "xor"}, -32602),
        ({"fromAddress": ["0x12"]}, -32602),
        ({"fromAddress": "0x12"}, -32602),
        ({"count": -1}, -32602),
    ],
)
def test_a_filter_that_is_not_understood_is_refused(
    rpc: Any, fields: dict[str, Any], code: int
) -> None:
    """Ranges that run backwards or past the head, wrong modes and addresses."""
    rpc("evm_mine")
    assert rpc.fail("trace_filter", fields)[0] == code


def test_a_filter_over_too_many_blocks_says_how_many_are_allowed(
    rpc: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Instead of running them all."""
    monkeypatch.setattr(trace, "MAX_FILTER_BLOCKS", 3)
    rpc.node.mine(3)
    assert rpc("trace_filter", {"fromBlock": "0x1"}) == []
    code, message = rpc.fail("trace_filter", {"fromBlock": "0x0"})
    assert (code, message) == (-32602, "4 blocks in one filter, at most 3; split the range")


def test_a_replay_has_what_was_asked_for(rpc: Any, counter: str) -> None:
    """Frames, changes and instructions; those that were not asked for are empty."""
    receipt = rpc.send(to=counter, value="0x0")
    sent = receipt["transactionHash"]
    none = rpc("trace_replayTransaction", sent, [])
    assert none == {"output": "0x" + f"{1:064x}", "stateDiff": None, "trace": [], "vmTrace": None}
    every = rpc("trace_replayTransaction", sent, ["trace", "stateDiff", "vmTrace"])
    (found,) = every["trace"]
    assert "transactionHash" not in found
    changed = every["stateDiff"][counter]
    zero, one = f"0x{0:064x}", f"0x{1:064x}"
    assert changed["storage"] == {zero: {"*": {"from": zero, "to": one}}}
    assert {changed[field] for field in ("balance", "code", "nonce")} == {"="}
    assert [op["op"] for op in every["vmTrace"]["ops"]][:2] == ["PUSH0", "SLOAD"]
    (replayed,) = rpc("trace_replayBlockTransactions", receipt["blockNumber"], BOTH)
    assert replayed == every | {"vmTrace": None, "transactionHash": sent}
    assert rpc("trace_replayTransaction", UNKNOWN, BOTH) is None
    assert rpc("trace_replayBlockTransactions", "0xffff", BOTH) is None
    assert rpc.fail("trace_replayTransaction", sent, ["gas"])[0] == -32602
    assert rpc.fail("trace_replayTransaction", sent, "trace")[0] == -32602


def test_a_new_account_is_marked_as_new(rpc: Any) -> None:
    """And one that paid as changed."""
    to = "0x" + "7a" * 20
    sent = rpc.send(to=to, value="0x5")["transactionHash"]
    diff = rpc("trace_replayTransaction", sent, ["stateDiff"])["stateDiff"]
    new = {"balance": {"+": "0x5"}, "code": {"+": "0x"}, "nonce": {"+": "0x0"}, "storage": {}}
    assert diff[to] == new
    assert diff[rpc.accounts[0]]["nonce"] == {"*": {"from": "0x0", "to": "0x1"}}


def test_calls_one_after_another_see_what_those_before_them_did(rpc: Any, counter: str) -> None:
    """The chain does not; each may ask for other traces."""
    call = {"from": rpc.accounts[0], "to": counter}
    many = [[call, ["trace"]], [call, BOTH], [{**call, "gas": "0x5300"}, ["trace"]], [call, []]]
    results = rpc("trace_callMany", many, "latest")
    outputs = [
        int(result["output"], 16) if len(result["output"]) > 2 else None for result in results
    ]
    assert outputs == [1, 2, None, 3]
    assert results[2]["trace"][0]["error"] == "Out of gas"
    assert results[0]["stateDiff"] is None
    zero = f"0x{0:064x}"
    change = results[1]["stateDiff"][counter]["storage"][zero]["*"]
    assert [int(change[end], 16) for end in ("from", "to")] == [1, 2]
    assert rpc("eth_getStorageAt", counter, "0x0", "latest") == zero
    assert rpc("trace_call", call, ["trace"])["output"] == results[0]["output"]
    assert rpc.fail("trace_callMany", [[call]], "latest")[0] == -32602
    assert rpc.fail("trace_callMany", [call], "latest")[0] == -32602


def test_a_call_is_traced_on_overridden_state(rpc: Any, counter: str) -> None:
    """State and block as `eth_call` takes them."""
    zero = f"0x{0:064x}"
    changed = {counter: {"stateDiff": {zero: f"0x{40:064x}"}}}
    traced = rpc("trace_call", {"to": counter}, ["trace"], "latest", changed)
    assert int(traced["output"], 16) == 41


def test_a_signed_transaction_is_tried_and_not_sent(rpc: Any, counter: str) -> None:
    """With what it would do now."""
    filled = rpc("eth_fillTransaction", {"from": rpc.accounts[0], "to": counter})["tx"]
    raw = rpc("eth_signTransaction", {"from": rpc.accounts[0], **filled})["raw"]
    before = rpc("eth_blockNumber")
    traced = rpc("trace_rawTransaction", raw, BOTH)
    assert int(traced["output"], 16) == 1
    assert counter in traced["stateDiff"]
    assert (rpc("eth_blockNumber"), rpc("txpool_status")["pending"]) == (before, "0x0")
    assert rpc.fail("trace_rawTransaction", "0x02", BOTH)[0] == -32000


def test_a_signed_delegation_is_tried_too(rpc: Any, counter: str) -> None:
    """Its code runs at the account that signed (EIP-7702)."""
    account, address = rpc.node.accounts[1], rpc.accounts[1]
    allowed = {"chainId": 31337, "address": bytes.fromhex(counter[2:]), "nonce": 1}
    fields = {
        "chainId": 31337,
        "nonce": 0,
        "to": account.address,
        "gas": 200_000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 1,
        "authorizationList": [Account.sign_authorization(allowed, account.key)],
    }
    raw = Account.sign_transaction(fields, account.key).raw_transaction.to_0x_hex()
    traced = rpc("trace_rawTransaction", raw, BOTH)
    assert int(traced["output"], 16) == 1
    code = {"*": {"from": "0x", "to": "0xef0100" + counter[2:]}}
    assert traced["stateDiff"][address]["code"] == code


def test_gas_by_instruction_adds_up_to_the_steps(rpc: Any, relay: str) -> None:
    """Counts and costs as the struct logger tells them, for one and for a block."""
    receipt = rpc.send(to=relay, gas="0x30d40")
    sent = receipt["transactionHash"]
    counted = rpc("trace_transactionOpcodeGas", sent)
    steps = rpc("debug_traceTransaction", sent)["structLogs"]
    wanted: dict[str, list[int]] = {}
    for step in steps:
        wanted.setdefault(step["op"], []).append(step["gasCost"])
    assert counted == {
        "transactionHash": sent,
        "opcodeGas": [
            {"opcode": name, "count": len(costs), "gasUsed": sum(costs)}
            for name, costs in wanted.items()
        ],
    }
    block = rpc("trace_blockOpcodeGas", receipt["blockNumber"])
    assert block == {
        "blockHash": receipt["blockHash"],
        "blockNumber": int(receipt["blockNumber"], 16),
        "transactions": [counted],
    }
    assert rpc("trace_transactionOpcodeGas", UNKNOWN) is None
    assert rpc("trace_blockOpcodeGas", "0xffff") is None
