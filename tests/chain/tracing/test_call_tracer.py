"""Call tracer: frames as they nest, why they failed, what they emitted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.event import CallKind, Reason
from devnet.chain.tracing.touching import compute_created
from tests.chain.tracing.conftest import OTHER, SENDER, TARGET, THIRD

IDENTITY = bytes(19) + b"\x04"


def test_every_kind_of_call_is_a_frame(
    stage: Callable[..., Any], call_code: Callable[..., bytes]
) -> None:
    """Kind, caller, target, value; a delegated call keeps the value it came with."""
    kinds = ("CALL", "STATICCALL", "DELEGATECALL", "CALLCODE")
    code = b"".join(call_code(kind, OTHER, value=3, size=2) for kind in kinds)
    tracer = CallTracer()
    stage(code, b"\x00", balance=100).run(tracer, value=7)
    assert [(f.kind.value, f.caller, f.target, f.value, f.data) for f in tracer.top.calls] == [
        ("CALL", TARGET, OTHER, 3, bytes(2)),
        ("STATICCALL", TARGET, OTHER, None, bytes(2)),
        ("DELEGATECALL", TARGET, OTHER, 7, bytes(2)),
        ("CALLCODE", TARGET, OTHER, 3, bytes(2)),
    ]
    assert (tracer.top.kind, tracer.top.caller, tracer.top.value) == (CallKind.CALL, SENDER, 7)


def test_frames_nest_as_calls_do(
    stage: Callable[..., Any], call_code: Callable[..., bytes]
) -> None:
    """Depth counts up, and a frame's gas holds that of the frames in it."""
    outer = call_code("CALL", OTHER, gas=200_000) + call_code("CALL", THIRD)
    tracer = CallTracer()
    stage(outer, call_code("CALL", THIRD), b"\x5b").run(tracer)
    order = [(frame.target, frame.depth) for frame in tracer.top.walk()]
    assert order == [(TARGET, 0), (OTHER, 1), (THIRD, 2), (THIRD, 1)]
    for frame in tracer.top.walk():
        assert frame.gas >= frame.gas_used >= sum(call.gas_used for call in frame.calls)


def test_creations_have_the_address_they_made(
    stage: Callable[..., Any], create_code: Callable[..., bytes]
) -> None:
    """CREATE by the creator's nonce, CREATE2 by the salt; the code is the output."""
    initcode = bytes.fromhex("600160005360016000f3")  # deploys 0x01
    tracer = CallTracer()
    stage(create_code(initcode) + create_code(initcode, salt=5)).run(tracer)
    made, salted = tracer.top.calls
    assert (made.kind, salted.kind) == (CallKind.CREATE, CallKind.CREATE2)
    assert made.target == compute_created(TARGET, 1)
    assert salted.target not in (made.target, b"")
    assert (made.data, made.output) == (initcode, b"\x01")


def test_a_selfdestruct_is_a_frame_that_pays_the_heir(
    stage: Callable[..., Any], assemble: Callable[..., bytes]
) -> None:
    """With all that the contract had."""
    tracer = CallTracer()
    stage(assemble(OTHER, "SELFDESTRUCT"), balance=9).run(tracer)
    (frame,) = tracer.top.calls
    assert (frame.kind, frame.caller, frame.target) == (CallKind.SELFDESTRUCT, TARGET, OTHER)
    assert (frame.value, frame.depth, frame.gas) == (9, 1, 0)


def test_precompiles_are_frames_and_marked(
    stage: Callable[..., Any], call_code: Callable[..., bytes]
) -> None:
    """What they are given comes out of the identity."""
    tracer = CallTracer()
    stage(call_code("STATICCALL", IDENTITY, size=3)).run(tracer)
    (frame,) = tracer.top.calls
    assert frame.is_precompile
    assert (frame.data, frame.output, frame.gas_used) == (bytes(3), bytes(3), 18)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ((0, 0, "REVERT"), "execution reverted"),
        (("POP",), "stack underflow (0 <=> 1)"),
        ((3, "JUMP"), "invalid jump destination"),
        ((1, 0, 0, "RETURNDATACOPY"), "return data out of bounds"),
        ((0, "NOT", "MLOAD"), "out of gas"),
        (("PC", "JUMPDEST", 1, "DUP1", "JUMP"), "stack limit reached 1024 (1023)"),
    ],
)
def test_failures_are_told_in_geths_words(
    stage: Callable[..., Any], assemble: Callable[..., bytes], parts: tuple[Any, ...], told: str
) -> None:
    """Instructions that cannot run; all gas is gone but for a revert."""
    tracer = CallTracer()
    stage(assemble(*parts)).run(tracer)
    assert str(tracer.top.failure) == told
    assert (tracer.top.gas_used == tracer.top.gas) == (told != "execution reverted")


@pytest.mark.parametrize(
    ("initcode", "reason"),
    [
        ("60ef60005360016000f3", Reason.RESERVED_CODE),
        ("6160016000f3", Reason.CODE_TOO_LARGE),
        ("6160006000f3", Reason.CODE_STORAGE),
        ("fe", Reason.BAD_OPCODE),
    ],
)
def test_failed_creations_say_why(
    stage: Callable[..., Any],
    create_code: Callable[..., bytes],
    initcode: str,
    reason: Reason,
) -> None:
    """Code that may not be deployed (EIP-170, EIP-3541), or that nobody can pay."""
    tracer = CallTracer()
    gas = 8_000_000 if reason is Reason.CODE_TOO_LARGE else 1_000_000
    stage(create_code(bytes.fromhex(initcode))).run(tracer, gas=gas)
    (frame,) = tracer.top.calls
    assert frame.failure is not None
    assert frame.failure.reason is reason


def test_frames_that_never_began_are_told_too(
    stage: Callable[..., Any],
    call_code: Callable[..., bytes],
    create_code: Callable[..., bytes],
) -> None:
    """A payment beyond one's means; a second contract at the same address."""
    twice = create_code(b"\x00", salt=1) * 2
    tracer = CallTracer()
    stage(call_code("CALL", OTHER, value=1) + twice).run(tracer)
    poor, made, taken = tracer.top.calls
    reasons = [frame.failure and frame.failure.reason for frame in (poor, made, taken)]
    assert reasons == [Reason.NO_FUNDS, None, Reason.COLLISION]
    assert poor.gas_used == 0
    assert taken.gas_used == taken.gas


def test_writing_in_a_static_call_fails_that_frame_only(
    stage: Callable[..., Any], assemble: Callable[..., bytes], call_code: Callable[..., bytes]
) -> None:
    """The caller goes on."""
    tracer = CallTracer()
    result = stage(call_code("STATICCALL", OTHER), assemble(1, 0, "SSTORE")).run(tracer)
    (frame,) = tracer.top.calls
    assert str(frame.failure) == "write protection"
    assert result.failure is tracer.top.failure is None


def test_events_count_through_and_those_of_failed_frames_go(
    stage: Callable[..., Any], assemble: Callable[..., bytes], call_code: Callable[..., bytes]
) -> None:
    """Indices are those of emission; the position counts frames that were over."""
    emit = assemble(0, 0, "LOG0")
    failing = emit + assemble(0, 0, "REVERT")
    code = emit + call_code("CALL", OTHER) + call_code("CALL", THIRD) + emit
    tracer = CallTracer()
    result = stage(code, failing, emit).run(tracer)
    top = tracer.finish(result.gas_used)
    assert [(log.index, log.position) for log in top.logs] == [(0, 0), (3, 2)]
    assert [[log.index for log in frame.logs] for frame in top.calls] == [[], [2]]
    assert (top.gas, top.gas_used) == (1_000_000, result.gas_used)


@pytest.mark.parametrize(("code", "name"), [("fe", "INVALID"), ("0c", "opcode 0xc not defined")])
def test_bytes_that_are_no_instruction_are_named(
    stage: Callable[..., Any], code: str, name: str
) -> None:
    """The one that is meant to fail, and those that nobody defined."""
    tracer = CallTracer()
    stage(bytes.fromhex(code)).run(tracer)
    assert str(tracer.top.failure) == f"invalid opcode: {name}"
