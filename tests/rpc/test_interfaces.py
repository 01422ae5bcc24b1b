"""Calls of our precompiles in words, in every trace that has frames, beside geth's fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devnet.chain.tracing.call_tracer import CallFrame
from devnet.chain.tracing.event import CallKind
from devnet.rpc.interfaces import MAX_DESCRIBED_BYTES, get_interfaces
from precompiles.models.samples import read_sample

INFERENCE, REGISTRY = "0x" + "f7".rjust(40, "0"), "0x" + "f8".rjust(40, "0")
GETHS = {"from", "gas", "gasUsed", "to", "input", "output", "type", "value", "error", "calls"}


def _find(frame: dict[str, Any], target: str) -> dict[str, Any]:
    """The first frame of a target, from the outermost down."""
    pending = [frame]
    while pending:
        found = pending.pop(0)
        if found["to"] == target:
            return found
        pending += found.get("calls", [])
    raise AssertionError(f"no frame of {target}")


def test_an_inference_inside_a_contract_is_told_in_words(
    rpc: Any, read_data: Callable[[int], str]
) -> None:
    """Function, model, tensors in and out; and what only the run knows."""
    reader = rpc.deploy_reader()
    sent = rpc.send(to=reader, data=read_data(0))["transactionHash"]
    top = rpc("debug_traceTransaction", sent, {"tracer": "callTracer"})
    frame = _find(top, INFERENCE)
    assert frame.keys() - GETHS == {"decoded", "inference"}
    assert top.keys() <= GETHS
    decoded, ran = frame["decoded"], frame["inference"]
    assert decoded["interface"] == "IInference"
    assert decoded["function"] == "infer(bytes32,(uint8,uint32[],bytes)[])"
    assert decoded["arguments"]["model"] == ran["model"] == rpc("inference_models")[0]["id"]
    assert decoded["arguments"]["inputs"] == ran["inputs"]
    assert ran["inputs"][0]["shape"] == [1, 64]
    assert decoded["results"]["outputs"] == ran["outputs"]
    receipt = rpc("inference_receipts", sent)[0]
    assert (ran["inputDigest"], ran["outputDigest"]) == (
        receipt["inputDigest"],
        receipt["outputDigest"],
    )


def test_every_trace_with_frames_has_the_same_words(
    rpc: Any, read_data: Callable[[int], str]
) -> None:
    """Parity's and geth's flat ones, blocks, replays, calls."""
    reader = rpc.deploy_reader()
    receipt = rpc.send(to=reader, data=read_data(1))
    sent, number = receipt["transactionHash"], receipt["blockNumber"]
    top = rpc("debug_traceTransaction", sent, {"tracer": "callTracer"})
    frame = _find(top, INFERENCE)
    words = {name: frame[name] for name in ("decoded", "inference")}
    flat = {"tracer": "flatCallTracer"}
    call = {"from": rpc.accounts[0], "to": reader, "data": read_data(1)}
    for traces in (
        rpc("trace_transaction", sent),
        rpc("trace_block", number),
        rpc("trace_filter", {"fromBlock": number, "toAddress": [INFERENCE]}),
        rpc("trace_replayTransaction", sent, ["trace"])["trace"],
        rpc("trace_call", call, ["trace"])["trace"],
        rpc("debug_traceTransaction", sent, flat),
        rpc("debug_traceBlockByNumber", number, flat)[0]["result"],
    ):
        (found,) = [each for each in traces if each["action"].get("to") == INFERENCE]
        assert {name: found[name] for name in words} == words


def test_the_registry_is_told_in_words_too(rpc: Any, call_data: Callable[..., str]) -> None:
    """Registering, and a question that it answers with a failure."""
    model = rpc("inference_addModel", "0x" + read_sample("digits_exact").hex())
    traced = rpc("debug_traceTransaction", model["transactionHash"], {"tracer": "callTracer"})
    assert traced["decoded"] == {
        "interface": "IModelRegistry",
        "function": "register(bytes32)",
        "arguments": {"id": model["id"]},
        "results": {},
    }
    call = {"to": REGISTRY, "data": call_data("resolve(string)", "nobody")}
    failed = rpc("debug_traceCall", call, "latest", {"tracer": "callTracer"})
    assert failed["error"] == "execution reverted"
    assert failed["decoded"] == {
        "interface": "IModelRegistry",
        "function": "resolve(string)",
        "arguments": {"name": "nobody"},
    }


@pytest.mark.parametrize("data", ["0x", "0x01020304", "0xe524f1e6", "0xe524f1e6" + "ff" * 64])
def test_what_is_no_call_of_the_interface_stays_as_it_is(rpc: Any, data: str) -> None:
    """No selector, an unknown one, arguments that are missing or wrong."""
    call = {"to": INFERENCE, "data": data}
    traced = rpc("debug_traceCall", call, "latest", {"tracer": "callTracer"})
    assert traced["error"]
    assert "decoded" not in traced


def test_arguments_that_say_more_than_they_are_long_are_not_unfolded(rpc: Any) -> None:
    """A thousand tensors that are all the same bytes would fill the memory."""
    count, size = 1_000, 20_000
    tensor = b"".join(n.to_bytes(32) for n in (2, 96, 128, 0, size)) + bytes(size)
    offsets = (32 * count).to_bytes(32) * count
    body = bytes(32) + (64).to_bytes(32) + count.to_bytes(32) + offsets + tensor
    interfaces, target = get_interfaces(rpc.node), bytes.fromhex(INFERENCE[2:])
    frame = CallFrame(CallKind.CALL, 0, bytes(20), target, 0, b"\xe5\x24\xf1\xe6" + body, 0, True)
    assert len(body) < MAX_DESCRIBED_BYTES
    assert interfaces.describe(frame) is None
