"""Watches the instructions that open frames: what each is about to do, before it does it.

Reports too the frames that py-evm never opens: refused calls, and SELFDESTRUCT.
"""

from typing import Any

from eth.exceptions import Halt

from devnet.chain.tracing.event import CallKind, Enter, Exit, Failure, Reason, Tracer
from devnet.chain.tracing.frame import Intent, OpenFrame
from devnet.chain.tracing.instruction import CODES, count_taken
from devnet.chain.tracing.stepping import tell_step

_STACK_DEPTH = 1_024
_MAX_NONCE = 2**64 - 1
_CALLS = {CODES[kind.value]: kind for kind in CallKind if kind is not CallKind.SELFDESTRUCT}
_SELFDESTRUCT = CODES["SELFDESTRUCT"]
CALLING = (*_CALLS, _SELFDESTRUCT)
_DATA_OFFSETS = {  # where the memory offset of the data stands on the stack, from the top
    CallKind.CALL: 4,
    CallKind.CALLCODE: 4,
    CallKind.DELEGATECALL: 3,
    CallKind.STATICCALL: 3,
    CallKind.CREATE: 2,
    CallKind.CREATE2: 2,
}


def watch_call(code: int, run: Any, tracer: Tracer, frames: list[OpenFrame]) -> Any:
    """Notes what a call is about to do; reports a frame that py-evm never opens."""

    def call(computation: Any) -> None:
        values = computation._stack.values
        if len(values) < count_taken(code):
            run(computation=computation)
            return
        stack = [_to_int(item) for item in values[-count_taken(code) :]]
        frame = frames[-1]
        if code == _SELFDESTRUCT:
            _watch_selfdestruct(run, computation, stack[-1], tracer, frame)
            return
        intent = frame.intent = _read_intent(_CALLS[code], computation, stack)
        gas = computation.get_gas_remaining()
        run(computation=computation)
        if not intent.spawned:
            _tell_unopened(tracer, frame, computation, intent, stack, gas)

    return call


def _read_intent(kind: CallKind, computation: Any, stack: list[int]) -> Intent:
    message = computation.msg
    if kind.is_creation:
        return Intent(kind, b"", stack[-1], message.storage_address)
    target = (stack[-2] & ((1 << 160) - 1)).to_bytes(20, "big")
    value: int | None = stack[-3]
    if kind is CallKind.DELEGATECALL:
        value = message.value
    elif kind is CallKind.STATICCALL:
        value = None
    return Intent(kind, target, value, message.storage_address)


def _watch_selfdestruct(
    run: Any, computation: Any, beneficiary: int, tracer: Tracer, frame: OpenFrame
) -> None:
    message = computation.msg
    address = (beneficiary & ((1 << 160) - 1)).to_bytes(20, "big")
    balance = computation.state.get_balance(message.storage_address)
    try:
        run(computation=computation)
    except Halt:
        if frame.instruction is not None:
            tell_step(tracer, frame, computation, 0)
        kind, depth = CallKind.SELFDESTRUCT, message.depth + 1
        source = message.storage_address
        tracer.on_enter(Enter(kind, depth, source, address, balance, b"", 0))
        tracer.on_exit(Exit(b"", 0, None))
        raise


def _tell_unopened(
    tracer: Tracer,
    frame: OpenFrame,
    computation: Any,
    intent: Intent,
    stack: list[int],
    gas_before: int,
) -> None:
    """A call or creation that ended before it began: too deep, no funds, address taken."""
    message, state = computation.msg, computation.state
    used, gas = 0, frame.returned
    if message.depth + 1 > _STACK_DEPTH:
        reason = Reason.TOO_DEEP
    elif state.get_balance(message.storage_address) < (intent.value or 0):
        reason = Reason.NO_FUNDS
    elif state.get_nonce(message.storage_address) >= _MAX_NONCE:
        reason = Reason.NONCE_OVERFLOW
    else:
        reason = Reason.COLLISION
        used = gas_before - gas_before // 64
    if intent.kind.is_creation:
        gas = gas_before - gas_before // 64
    if frame.instruction is not None:  # a call's gas was taken and given back
        tell_step(tracer, frame, computation, used if intent.kind.is_creation else -gas)
    at = _DATA_OFFSETS[intent.kind]
    data = computation.memory_read_bytes(stack[-at], stack[-at - 1])
    depth = message.depth + 1
    tracer.on_enter(
        Enter(intent.kind, depth, intent.caller, intent.target, intent.value, data, gas)
    )
    tracer.on_exit(Exit(b"", used, Failure(reason)))


def _to_int(item: int | bytes) -> int:
    return item if isinstance(item, int) else int.from_bytes(item, "big")
