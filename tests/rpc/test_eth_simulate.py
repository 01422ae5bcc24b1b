"""eth_simulateV1: blocks of calls, held against what a chain makes of the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ETHER = 10**18
A, B, C = ("0x" + byte * 20 for byte in ("a1", "b2", "c3"))
FUNDED = {"balance": hex(ETHER)}
TRANSFERS = "0x" + "ee" * 20  # where the log of a transfer comes from (ERC-7528)
SPENT = {"from": A, "to": B, "nonce": "0x1"}
NUMBER = ("NUMBER", 0, "MSTORE", 32, 0, "RETURN")


def simulate(rpc: Any, *blocks: dict[str, Any], block: object = "latest", **options: Any) -> Any:
    return rpc("eth_simulateV1", {"blockStateCalls": list(blocks), **options}, block)


def test_a_simulated_call_comes_to_what_the_transaction_comes_to(
    rpc: Any, assemble: Callable[..., bytes]
) -> None:
    """Gas, result, events, bloom and receipts root of a mined block are the oracle."""
    logger = rpc.deploy(wrap(assemble(7, 0, "MSTORE", 9, 32, 0, "LOG1", 5, 0, "SSTORE")))
    fields = {"from": rpc.accounts[0], "to": logger, "gas": hex(100_000), "value": "0x0"}
    fields |= {"maxFeePerGas": hex(5 * 10**9), "maxPriorityFeePerGas": hex(10**9)}
    (found,) = simulate(rpc, {"calls": [fields]}, validation=True)
    receipt = rpc.send(**fields)
    mined = rpc("eth_getBlockByHash", receipt["blockHash"])
    (call,) = found["calls"]
    assert (call["status"], call["gasUsed"]) == ("0x1", receipt["gasUsed"])
    assert [(log["topics"], log["data"], log["address"]) for log in call["logs"]] == [
        (log["topics"], log["data"], log["address"]) for log in receipt["logs"]
    ]
    for key in ("number", "parentHash", "logsBloom", "gasUsed", "receiptsRoot", "baseFeePerGas"):
        assert found[key] == mined[key], key
    assert rpc("eth_blockNumber") == mined["number"]


def test_blocks_follow_each_other_and_gaps_are_filled(
    rpc: Any, assemble: Callable[..., bytes]
) -> None:
    """Twelve seconds apart; what one block changes the next one sees."""
    head = rpc("eth_getBlockByNumber", "latest")
    first, time = int(head["number"], 16) + 1, int(head["timestamp"], 16)
    ask = {"to": C}
    blocks = simulate(
        rpc,
        {"stateOverrides": {C: {"code": "0x" + assemble(*NUMBER).hex()}}, "calls": [ask]},
        {"blockOverrides": {"number": hex(first + 3)}, "calls": [ask]},
        {"blockOverrides": {"time": hex(time + 1_000)}, "calls": [ask]},
    )
    assert [int(block["number"], 16) - first for block in blocks] == [0, 1, 2, 3, 4]
    assert [int(block["timestamp"], 16) - time for block in blocks] == [12, 24, 36, 48, 1_000]
    assert [b["parentHash"] for b in blocks] == [head["hash"], *(b["hash"] for b in blocks[:-1])]
    answers = [int(call["returnData"], 16) for block in blocks for call in block["calls"]]
    assert answers == [first, first + 3, first + 4]


def test_transfers_are_events_if_they_are_asked_for(rpc: Any) -> None:
    """As ERC-7528 has them; a call that reverts has none."""
    calls = [
        {"from": A, "to": B, "value": "0x5"},
        {"from": A, "to": B, "value": "0x0"},
        {"from": A, "to": C, "value": "0x7"},
    ]
    plan = {"stateOverrides": {A: FUNDED, C: {"code": "0x5f5ffd"}}, "calls": calls}
    (plain,) = simulate(rpc, plan)
    (traced,) = simulate(rpc, plan, traceTransfers=True)
    assert [call["logs"] for call in plain["calls"]] == [[], [], []]
    assert [len(call["logs"]) for call in traced["calls"]] == [1, 0, 0]
    (log,) = traced["calls"][0]["logs"]
    assert (log["address"], int(log["data"], 16)) == (TRANSFERS, 5)
    assert [topic[-40:] for topic in log["topics"][1:]] == [A[2:], B[2:]]
    assert (plain["hash"], plain["logsBloom"]) == (traced["hash"], traced["logsBloom"])


def test_calls_that_fail_stand_in_the_block(rpc: Any) -> None:
    """Code 3 with data for a revert, -32015 for a halt; the next call goes on."""
    reverting, halting = {"code": "0x602a5f5260205ffd"}, {"code": "0xfe"}
    plan = {"stateOverrides": {B: reverting, C: halting}}
    calls = [{"to": B, "gas": hex(50_000)}, {"to": C, "gas": hex(50_000)}, {"to": A}]
    (block,) = simulate(rpc, plan | {"calls": calls})
    first, second, third = block["calls"]
    assert first["error"] == {
        "code": 3,
        "message": "execution reverted",
        "data": "0x" + (42).to_bytes(32, "big").hex(),
    }
    assert (second["error"]["code"], second["gasUsed"]) == (-32015, hex(50_000))
    assert [call["status"] for call in block["calls"]] == ["0x0", "0x0", "0x1"]
    assert "error" not in third


@pytest.mark.parametrize(
    ("validates", "plan", "code"),
    [
        (False, {"calls": [{"from": A, "value": "0x1"}]}, -38014),
        (False, {"calls": [{"from": A, "to": B, "gas": hex(20_999)}]}, -38013),
        (False, {"calls": [{"from": A, "to": B, "gas": hex(10**12)}]}, -38015),
        (False, {"calls": [{"from": A, "data": "0x" + "00" * 49_153}]}, -38025),
        (True, {"calls": [{"from": A, "to": B}]}, -38012),
        (True, {"calls": [{"from": A, "to": B, "nonce": "0x1", "gasPrice": "0x1"}]}, -38011),
        (True, {"stateOverrides": {A: {"nonce": "0x2"}}, "calls": [SPENT]}, -38010),
        (False, {"blockOverrides": {"number": "0x0"}}, -38020),
        (False, {"blockOverrides": {"time": "0x0"}}, -38021),
        (False, {"blockOverrides": {"number": hex(10**6)}}, -38026),
        (False, {"stateOverrides": {A: {"movePrecompileToAddress": B}}}, -32000),
    ],
)
def test_a_chain_that_cannot_be_is_refused_with_its_code(
    rpc: Any, validates: bool, plan: dict[str, Any], code: int
) -> None:
    """The codes of execution-apis, for the whole request."""
    request = {"blockStateCalls": [plan], "validation": validates}
    assert rpc.fail("eth_simulateV1", request)[0] == code


def test_nothing_of_a_simulation_stays(rpc: Any) -> None:
    """Neither balance nor block; and from an earlier block it is the same each time."""
    rpc("evm_mine", {"blocks": 3})
    plan = {"stateOverrides": {A: FUNDED}, "calls": [{"from": A, "to": B, "value": hex(ETHER)}]}
    first, again = (simulate(rpc, plan, block="0x1", returnFullTransactions=True) for _ in range(2))
    assert first == again
    assert (first[0]["number"], first[0]["transactions"][0]["to"]) == ("0x2", B)
    assert rpc("eth_getBalance", B) == "0x0"
    assert rpc("eth_getBlockByHash", first[0]["hash"]) is None


def wrap(runtime: bytes) -> bytes:
    """Creation code of at most 255 bytes of code."""
    return bytes([0x60, len(runtime), 0x80, 0x60, 9, 0x5F, 0x39, 0x5F, 0xF3]) + runtime
