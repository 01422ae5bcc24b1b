"""VM tracer: code and instructions of every frame, as Parity's `vmTrace` tells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devnet.chain.tracing.budget import Budget
from devnet.chain.tracing.instruction import get_mnemonic
from devnet.chain.tracing.vm_tracer import VmFrame, VmTracer
from devnet.errors import TraceTooLarge
from tests.chain.tracing.conftest import OTHER


def _trace(stage: Any, tracer: VmTracer | None = None, **fields: Any) -> VmFrame:
    watching = tracer or VmTracer()
    stage.run(watching, **fields)
    assert watching.top is not None
    return watching.top


def test_an_instruction_has_what_it_pushed_wrote_and_left(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """Gas is what is left after it."""
    code = assemble(3, 4, "ADD", 0, "MSTORE", 9, 1, "SSTORE")
    top = _trace(stage(code))
    assert top.code == code
    told = {get_mnemonic(op.step.code): op for op in top.operations}
    assert told["ADD"].pushed == (7,)
    assert told["MSTORE"].written == (0, (7).to_bytes(32))
    assert told["SSTORE"].stored == (1, 9)
    gas = [op.step.gas for op in top.operations]
    left = [op.after.gas for op in top.operations if op.after is not None]
    assert left[:-1] == gas[1:]


def test_a_call_has_the_frame_it_opened(
    stage: Callable[..., Any], call_code: Callable[..., bytes], assemble: Callable[..., bytes]
) -> None:
    """One without code opens none; one that fails ends without a result."""
    inner = assemble(1, 0, 0, "RETURNDATACOPY")
    top = _trace(stage(call_code("CALL", OTHER) + call_code("CALL", b"\x99" * 20), inner))
    first, second = [op for op in top.operations if get_mnemonic(op.step.code) == "CALL"]
    assert first.inner is not None
    assert first.inner.code == inner
    assert first.inner.operations[-1].after is None
    assert (first.pushed, second.pushed) == ((0,), (1,))
    assert second.inner is None


def test_a_creation_shows_its_creation_code(
    stage: Callable[..., Any], create_code: Callable[..., bytes]
) -> None:
    """Of a transaction and of an instruction."""
    initcode = bytes.fromhex("600160005360016000f3")
    top = _trace(stage(), to=None, data=create_code(initcode))
    assert top.code == create_code(initcode)
    assert [op.inner.code for op in top.operations if op.inner is not None] == [initcode]


def test_a_payment_runs_no_code(stage: Callable[..., Any]) -> None:
    """A frame with nothing in it."""
    assert _trace(stage()) == VmFrame(b"")


def test_it_is_bound_by_the_budget(stage: Callable[..., Any]) -> None:
    """A long program does not fill the memory."""
    with pytest.raises(TraceTooLarge):
        _trace(stage(b"\x5b" * 100), VmTracer(Budget(10_000)))
