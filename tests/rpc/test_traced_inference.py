"""Tracers on transactions that run and register models, which use storage without opcodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

REGISTRY = "0x" + "f8".zfill(40)


@pytest.fixture
def sent(rpc: Any, read_data: Callable[[int], str]) -> str:
    """Hash of a transaction whose contract runs a model."""
    found: str = rpc.send(to=rpc.deploy_reader(), data=read_data(1))["transactionHash"]
    return found


def test_the_state_before_an_inference_holds_the_words_it_read(rpc: Any, sent: str) -> None:
    """Where the registry keeps the manifest; nothing of it was changed."""
    before = rpc("debug_traceTransaction", sent, {"tracer": "prestateTracer"})
    assert any(int(word, 16) for word in before[REGISTRY]["storage"].values())
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    changed = rpc("debug_traceTransaction", sent, options)
    assert REGISTRY not in changed["post"]


def test_a_registration_is_a_change_of_state(rpc: Any) -> None:
    """The words that were empty before have values after."""
    rpc.deploy_reader()
    options = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    hashes = [
        transaction["hash"]
        for number in range(int(rpc("eth_blockNumber"), 16) + 1)
        for transaction in rpc("eth_getBlockByNumber", hex(number), True)["transactions"]
        if transaction["to"] == REGISTRY
    ]
    assert hashes
    for name in hashes:
        assert rpc("debug_traceTransaction", name, options)["post"][REGISTRY]["storage"]


def test_every_parity_trace_of_a_block_with_an_inference_is_shown(rpc: Any, sent: str) -> None:
    """All three at once watch the same run."""
    kinds = ["trace", "stateDiff", "vmTrace"]
    (replayed,) = rpc("trace_replayBlockTransactions", "latest", kinds)
    assert replayed["transactionHash"] == sent
    assert replayed["stateDiff"]
    assert len(replayed["trace"]) > 1
