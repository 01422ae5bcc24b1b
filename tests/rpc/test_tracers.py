"""Tracers by name: the shapes that geth gives them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FRAME = {"from", "gas", "gasUsed", "to", "input", "type"}
NOPE = bytes.fromhex("08c379a0") + (32).to_bytes(32) + (4).to_bytes(32) + b"nope".ljust(32, b"\0")
IDENTITY = "0x" + "4".rjust(40, "0")


@pytest.fixture
def reverter(rpc: Any, assemble: Callable[..., bytes], wrap: Callable[..., bytes]) -> str:
    """A contract that reverts with a reason."""
    words = [NOPE[at : at + 32].ljust(32, b"\0") for at in range(0, len(NOPE), 32)]
    code = b"".join(assemble(word, 32 * n, "MSTORE") for n, word in enumerate(words))
    address: str = rpc.deploy(wrap(code + assemble(len(NOPE), 0, "REVERT")))
    return address


@pytest.fixture
def caller(
    rpc: Any, reverter: str, assemble: Callable[..., bytes], wrap: Callable[..., bytes]
) -> str:
    """A contract that emits, calls the reverter and the identity, and goes on."""
    target = bytes.fromhex(reverter[2:])
    emit = assemble(7, 0, 0, "LOG1")
    failing = assemble(0, 0, 4, 0, 0, target, 50_000, "CALL", "POP")
    copying = assemble(0, 0, 4, 0, bytes.fromhex(IDENTITY[2:]), 9_000, "STATICCALL", "POP")
    address: str = rpc.deploy(wrap(emit + failing + copying))
    return address


def _trace(rpc: Any, sent: str, tracer: str, **options: Any) -> Any:
    config = {"tracer": tracer, "tracerConfig": options}
    return rpc("debug_traceTransaction", sent, config)


def test_calls_have_geths_shape(rpc: Any, caller: str, reverter: str) -> None:
    """Frames in frames; what failed says why, with the reason in words."""
    receipt = rpc.send(to=caller, value="0x0", gas="0x30d40")
    top = _trace(rpc, receipt["transactionHash"], "callTracer")
    assert top.keys() == FRAME | {"value", "calls"}
    assert (top["gas"], top["gasUsed"]) == ("0x30d40", receipt["gasUsed"])
    failed, copied = top["calls"]
    assert failed.keys() == FRAME | {"value", "error", "output", "revertReason"}
    assert (failed["to"], failed["error"]) == (reverter, "execution reverted")
    assert (failed["revertReason"], failed["output"]) == ("nope", "0x" + NOPE.hex())
    assert copied.keys() == FRAME | {"output"}
    assert (copied["type"], copied["to"]) == ("STATICCALL", IDENTITY)


def test_calls_can_be_the_outermost_only_and_have_logs(rpc: Any, caller: str) -> None:
    """Logs of what took effect, with index and position."""
    sent = rpc.send(to=caller)["transactionHash"]
    assert "calls" not in _trace(rpc, sent, "callTracer", onlyTopCall=True)
    top = _trace(rpc, sent, "callTracer", withLog=True)
    topic = "0x" + "7".rjust(64, "0")
    log = {"address": caller, "topics": [topic], "data": "0x", "index": "0x0", "position": "0x0"}
    assert top["logs"] == [log]
    assert all("logs" not in call for call in top["calls"])


def test_a_failed_creation_has_no_address(rpc: Any) -> None:
    """There is no contract."""
    fields = {"from": rpc.accounts[0], "data": "0xfe", "gas": "0x186a0"}
    top = _trace(rpc, rpc("eth_sendTransaction", fields), "callTracer")
    assert (top["type"], top["error"]) == ("CREATE", "invalid opcode: INVALID")
    assert "to" not in top


def test_flat_calls_have_their_place_in_the_chain(rpc: Any, caller: str) -> None:
    """No results where there are none; precompiles only if asked for; geth's words or Parity's."""
    receipt = rpc.send(to=caller)
    sent = receipt["transactionHash"]
    top, failed = _trace(rpc, sent, "flatCallTracer")
    assert (top["traceAddress"], top["subtraces"], failed["traceAddress"]) == ([], 1, [0])
    assert {trace["blockHash"] for trace in (top, failed)} == {receipt["blockHash"]}
    assert top["blockNumber"] == int(receipt["blockNumber"], 16)
    assert (top["transactionHash"], top["transactionPosition"]) == (sent, 0)
    assert failed["error"] == "execution reverted"
    assert failed["result"]["output"] == "0x" + NOPE.hex()
    options = {"convertParityErrors": True, "includePrecompiles": True}
    _, failed, copied = _trace(rpc, sent, "flatCallTracer", **options)
    assert (failed["error"], copied["action"]["to"]) == ("Reverted", IDENTITY)
    (tried,) = rpc("debug_traceCall", {"data": "0xfe"}, "latest", {"tracer": "flatCallTracer"})
    assert (tried["blockHash"], tried["transactionHash"]) == (None, None)
    assert (tried["type"], tried["error"]) == ("create", "invalid opcode: INVALID")
    assert "result" not in tried


def test_selectors_are_counted_and_nothing_is_nothing(rpc: Any, caller: str) -> None:
    """`4byteTracer` and `noopTracer`."""
    sent = rpc.send(to=caller, data="0x0102030405")["transactionHash"]
    assert _trace(rpc, sent, "4byteTracer") == {"0x01020304-1": 1, "0x00000000-0": 1}
    assert _trace(rpc, sent, "noopTracer") == {}


def test_several_tracers_at_once_answer_as_they_do_alone(rpc: Any, caller: str) -> None:
    """Each with its own options; none inside itself."""
    sent = rpc.send(to=caller)["transactionHash"]
    wanted: dict[str, dict[str, Any]] = {
        "callTracer": {"withLog": True},
        "flatCallTracer": {},
        "prestateTracer": {"diffMode": True},
        "4byteTracer": {},
    }
    together = _trace(rpc, sent, "muxTracer", **wanted)
    alone = {name: _trace(rpc, sent, name, **options) for name, options in wanted.items()}
    assert together == alone
    config = {"tracer": "muxTracer", "tracerConfig": {"muxTracer": {}}}
    assert rpc.fail("debug_traceTransaction", sent, config)[0] == -32602


def test_prestates_are_before_and_diffs_are_changes(rpc: Any) -> None:
    """A payment changes payer, payee and proposer."""
    to = "0x" + "77" * 20
    receipt = rpc.send(to=to, value="0x5")
    sent, payer = receipt["transactionHash"], rpc.accounts[0]
    before = _trace(rpc, sent, "prestateTracer")
    assert (to in before, before[payer]["balance"]) == (False, hex(10_000 * 10**18))
    assert before[payer].keys() == {"balance"}  # the nonce was 0
    with_empty = _trace(rpc, sent, "prestateTracer", includeEmpty=True)
    assert with_empty[to] == {"balance": "0x0"}
    diff = _trace(rpc, sent, "prestateTracer", diffMode=True)
    assert diff["post"][to] == {"balance": "0x5"}
    assert diff["post"][payer]["nonce"] == 1
    assert to not in diff["pre"]
    options = {"diffMode": True, "includeEmpty": True}
    config = {"tracer": "prestateTracer", "tracerConfig": options}
    assert rpc.fail("debug_traceTransaction", sent, config)[0] == -32602


def test_calls_are_traced_on_overridden_state_and_blocks(
    rpc: Any, assemble: Callable[..., bytes]
) -> None:
    """Code, balance and number as given; the chain stays as it is."""
    target, rich = "0x" + "78" * 20, "0x" + "79" * 20
    code = assemble("NUMBER", 0, "MSTORE", 32, 0, "RETURN")
    config = {
        "stateOverrides": {target: {"code": "0x" + code.hex()}, rich: {"balance": hex(10**20)}},
        "blockOverrides": {"number": "0x309"},
    }
    call = {"from": rich, "to": target, "value": hex(10**19)}
    traced = rpc("debug_traceCall", call, "latest", config)
    assert int(traced["returnValue"], 16) == 0x309
    framed = rpc("debug_traceCall", call, "latest", {**config, "tracer": "callTracer"})
    assert (framed["value"], int(framed["output"], 16)) == (hex(10**19), 0x309)
    assert rpc("eth_getCode", target, "latest") == "0x"


@pytest.mark.parametrize("name", ["jsTracer", "{result: function() {}}", "", "callTracer "])
def test_an_unknown_tracer_is_refused_with_those_there_are(rpc: Any, name: str) -> None:
    """One without a name is the default; JavaScript is not run."""
    call = {"to": "0x" + "78" * 20}
    if not name:
        assert rpc("debug_traceCall", call, "latest", {"tracer": name})["structLogs"] == []
        return
    code, message = rpc.fail("debug_traceCall", call, "latest", {"tracer": name})
    assert code == -32000
    assert message.startswith(f"no tracer '{name}'; there are callTracer, flatCallTracer")


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (7, "config is 7"),
        ({"limit": -1}, "config.limit is -1"),
        ({"enableMemory": "yes"}, "config.enableMemory"),
        ({"tracer": 5}, "config.tracer is 5"),
        ({"tracer": "callTracer", "tracerConfig": []}, "config.tracerConfig"),
        ({"tracer": "callTracer", "tracerConfig": {"withLog": 1}}, "config.withLog"),
    ],
)
def test_options_that_are_not_understood_are_named(rpc: Any, config: Any, named: str) -> None:
    """What is wrong, where, and what it must be."""
    code, message = rpc.fail("debug_traceCall", {"to": IDENTITY}, "latest", config)
    assert code == -32602
    assert message.startswith(named)
