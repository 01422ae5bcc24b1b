"""Flat traces as JSON, field by field what Parity's `trace_` answered and Anvil answers."""

from devnet.chain.tracing.call_tracer import CallFrame
from devnet.chain.tracing.event import CallKind, Failure, Reason
from devnet.chain.tracing.flat import FlatTrace
from devnet.rpc.dispatch import Json
from devnet.rpc.quantity import encode_bytes, encode_quantity
from devnet.rpc.trace_views import show_inference

_ERRORS = {
    Reason.REVERTED: "Reverted",
    Reason.OUT_OF_GAS: "Out of gas",
    Reason.CODE_STORAGE: "Out of gas",
    Reason.CODE_TOO_LARGE: "Out of gas",
    Reason.STACK_UNDERFLOW: "Stack underflow",
    Reason.STACK_OVERFLOW: "Out of stack",
    Reason.BAD_JUMP: "Bad jump destination",
    Reason.BAD_OPCODE: "Bad instruction",
    Reason.WRITE_PROTECTION: "Mutable Call In Static Context",
    Reason.OUT_OF_BOUNDS: "Out of bounds",
    Reason.PRECOMPILE: "Built-in failed",
}


def show_flat_trace(trace: FlatTrace) -> dict[str, Json]:
    """A frame, without its place in a block."""
    frame = trace.frame
    shown: dict[str, Json] = {
        "action": _show_action(frame),
        "subtraces": trace.subtraces,
        "traceAddress": list(trace.address),
        "type": _get_type(frame.kind),
    }
    if frame.failure is not None:
        shown["error"] = describe_error(frame.failure)
    if frame.failure is None or frame.failure.reason is Reason.REVERTED:
        shown["result"] = _show_result(frame)
    if frame.inference is not None:
        shown["inference"] = show_inference(frame.inference)
    return shown


def describe_error(failure: Failure) -> str:
    """Parity's word for a failure."""
    return _ERRORS.get(failure.reason, str(failure))


def _get_type(kind: CallKind) -> str:
    if kind.is_creation:
        return "create"
    return "suicide" if kind is CallKind.SELFDESTRUCT else "call"


def _show_action(frame: CallFrame) -> dict[str, Json]:
    if frame.kind is CallKind.SELFDESTRUCT:
        return {
            "address": encode_bytes(frame.caller),
            "balance": encode_quantity(frame.value or 0),
            "refundAddress": encode_bytes(frame.target),
        }
    action: dict[str, Json] = {
        "from": encode_bytes(frame.caller),
        "gas": encode_quantity(frame.gas),
        "value": encode_quantity(frame.value or 0),
    }
    if frame.kind.is_creation:
        action["init"] = encode_bytes(frame.data)
        action["creationMethod"] = frame.kind.value.lower()
        return action
    action["callType"] = frame.kind.value.lower()
    action["input"] = encode_bytes(frame.data)
    action["to"] = encode_bytes(frame.target)
    return action


def _show_result(frame: CallFrame) -> Json:
    if frame.kind is CallKind.SELFDESTRUCT:
        return None
    gas_used = encode_quantity(frame.gas_used)
    if frame.kind.is_creation:
        if frame.failure is not None:
            return {"gasUsed": gas_used, "output": encode_bytes(frame.output)}
        return {
            "address": encode_bytes(frame.target),
            "code": encode_bytes(frame.output),
            "gasUsed": gas_used,
        }
    return {"gasUsed": gas_used, "output": encode_bytes(frame.output)}
