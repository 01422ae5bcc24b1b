"""Flat traces as JSON, field by field what Parity's `trace_` answered and Anvil answers."""

from devnet.chain.block import Execution
from devnet.chain.history import Place
from devnet.chain.tracing.call_tracer import CallFrame
from devnet.chain.tracing.event import CallKind, Failure, Reason
from devnet.chain.tracing.flat import FlatTrace
from devnet.chain.tracing.instruction import get_mnemonic
from devnet.chain.tracing.prestate import PrestateTracer
from devnet.chain.tracing.vm_tracer import Operation, VmFrame
from devnet.rpc.dispatch import Json
from devnet.rpc.interfaces import Interfaces
from devnet.rpc.quantity import encode_bytes, encode_quantity, encode_word
from devnet.rpc.trace_views import show_meaning

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


def show_flat_call(
    trace: FlatTrace,
    interfaces: Interfaces,
    number: int,
    place: Place | None,
    in_parity_words: bool,
) -> dict[str, Json]:
    """A frame as geth's `flatCallTracer` has it, which leaves out what it lacks.

    Args:
        number: of the block.
        place: of the transaction; None for a call that is in no block.
    """
    shown = show_flat_trace(trace, interfaces)
    if shown["result"] is None:
        del shown["result"]
    if trace.frame.failure is not None and not in_parity_words:
        shown["error"] = str(trace.frame.failure)
    return shown | {
        "blockHash": encode_bytes(place.block.hash) if place else None,
        "blockNumber": number,
        "transactionHash": encode_bytes(place.transaction.hash) if place else None,
        "transactionPosition": place.index if place else 0,
    }


def show_flat_trace(trace: FlatTrace, interfaces: Interfaces) -> dict[str, Json]:
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
    is_told = frame.failure is None or frame.failure.reason is Reason.REVERTED
    shown["result"] = _show_result(frame) if is_told else None
    return shown | show_meaning(frame, interfaces)


def show_placed_trace(trace: FlatTrace, interfaces: Interfaces, place: Place) -> dict[str, Json]:
    """A frame and the transaction it belongs to."""
    return show_flat_trace(trace, interfaces) | {
        **_show_block(place.block),
        "transactionHash": encode_bytes(place.transaction.hash),
        "transactionPosition": place.index,
    }


def show_reward(block: Execution, author: bytes, amount_wei: int, kind: str) -> dict[str, Json]:
    """What proof of work paid for a block or an uncle."""
    return {
        "action": {
            "author": encode_bytes(author),
            "rewardType": kind,
            "value": encode_quantity(amount_wei),
        },
        **_show_block(block),
        "result": None,
        "subtraces": 0,
        "traceAddress": [],
        "transactionHash": None,
        "transactionPosition": None,
        "type": "reward",
    }


def show_state_diff(tracer: PrestateTracer) -> dict[str, Json]:
    """Accounts that are different after: `=` same, `*` changed, `+` new, `-` gone."""
    shown: dict[str, Json] = {}
    for address, before, after in tracer.list_pairs():
        words = {slot: (word, after.storage[slot]) for slot, word in before.storage.items()}
        changed = {slot: pair for slot, pair in words.items() if pair[0] != pair[1]}
        fields = (
            (encode_quantity(before.balance or 0), encode_quantity(after.balance or 0)),
            (encode_bytes(before.code or b""), encode_bytes(after.code or b"")),
            (encode_quantity(before.nonce or 0), encode_quantity(after.nonce or 0)),
        )
        if not changed and all(old == new for old, new in fields):
            continue
        mark = "+" if before.is_empty else "-" if after.is_empty else "*"
        balance, code, nonce = (_show_change(old, new, mark) for old, new in fields)
        shown[encode_bytes(address)] = {
            "balance": balance,
            "code": code,
            "nonce": nonce,
            "storage": {
                encode_word(slot): _show_change(encode_word(old), encode_word(new), mark)
                for slot, (old, new) in changed.items()
            },
        }
    return shown


def show_vm_trace(top: VmFrame | None) -> Json:
    """Instructions of all frames, built without recursion: calls nest deeper than Python does."""
    if top is None:
        return None
    order = [top]
    for frame in order:
        order.extend(op.inner for op in frame.operations if op.inner is not None)
    shown: dict[int, dict[str, Json]] = {}
    for frame in reversed(order):
        shown[id(frame)] = {
            "code": encode_bytes(frame.code),
            "ops": [
                _show_operation(op, shown[id(op.inner)] if op.inner is not None else None)
                for op in frame.operations
            ],
        }
    return shown[id(top)]


def describe_error(failure: Failure) -> str:
    """Parity's word for a failure."""
    return _ERRORS.get(failure.reason, str(failure))


def _show_block(block: Execution) -> dict[str, Json]:
    return {"blockHash": encode_bytes(block.hash), "blockNumber": block.header.number}


def _show_change(old: str, new: str, mark: str) -> Json:
    if mark == "*":
        return "=" if old == new else {"*": {"from": old, "to": new}}
    return {mark: new if mark == "+" else old}


def _show_operation(operation: Operation, inner: Json) -> dict[str, Json]:
    written, stored, after = operation.written, operation.stored, operation.after
    result: Json = None
    if after is not None:
        result = {
            "mem": written and {"data": encode_bytes(written[1]), "off": written[0]},
            "push": [encode_quantity(item) for item in operation.pushed],
            "store": stored
            and {"key": encode_quantity(stored[0]), "val": encode_quantity(stored[1])},
            "used": after.gas,
        }
    return {
        "cost": operation.step.cost,
        "ex": result,
        "op": get_mnemonic(operation.step.code),
        "pc": operation.step.pc,
        "sub": inner,
    }


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
        return {
            "address": encode_bytes(frame.target),
            "code": encode_bytes(frame.output),
            "gasUsed": gas_used,
        }
    return {"gasUsed": gas_used, "output": encode_bytes(frame.output)}
