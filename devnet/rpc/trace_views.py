"""Traces as JSON, field by field what geth answers; our precompiles' frames say more.

A frame of ours has `decoded` beside geth's fields, and `inference` if a model ran; geth's clients
pass over them.
"""

from collections.abc import Mapping
from typing import Any

from devnet.chain.revert import decode_standard
from devnet.chain.tracing.call_tracer import CallFrame, FrameLog
from devnet.chain.tracing.event import Reason
from devnet.chain.tracing.instruction import get_mnemonic
from devnet.chain.tracing.prestate import AccountState
from devnet.chain.tracing.struct_logger import StructLog, StructLogger
from devnet.rpc.dispatch import Json
from devnet.rpc.interfaces import Interfaces
from devnet.rpc.quantity import encode_bytes, encode_quantity, encode_word
from precompiles.digest import encode_cid

_WORD = 32


def show_call_frame(
    top: CallFrame, interfaces: Interfaces, with_log: bool = False, only_top: bool = False
) -> dict[str, Json]:
    """A frame and all inside it; depth is bound by the EVM, not by Python's stack."""
    order = [top] if only_top else list(top.walk())
    shown = {id(frame): _show_frame(frame, interfaces, with_log) for frame in order}
    if not only_top:
        for frame in order:
            if frame.calls:
                shown[id(frame)]["calls"] = [shown[id(call)] for call in frame.calls]
    return shown[id(top)]


def show_struct_logs(
    logger: StructLogger, gas: int, stack: bool, storage: bool, memory: bool, returns: bool
) -> dict[str, Json]:
    """The default tracer's result."""
    failure = logger.failure
    kept = failure is None or failure.reason is Reason.REVERTED
    return {
        "gas": gas,
        "failed": failure is not None,
        "returnValue": encode_bytes(logger.output if kept else b""),
        "structLogs": [_show_log(log, stack, storage, memory, returns) for log in logger.logs],
    }


def show_prestate(
    accounts: Mapping[bytes, AccountState], with_no_code: bool = False
) -> dict[str, Json]:
    """Accounts by address; what is empty is left out.

    Args:
        with_no_code: whether code that is known to be empty is shown, as it is after a change.
    """
    return {
        encode_bytes(address): _show_account(account, with_no_code)
        for address, account in accounts.items()
    }


def show_four_bytes(counts: Mapping[tuple[bytes, int], int]) -> dict[str, Json]:
    """How often each selector was called with so many bytes of arguments."""
    return {f"{encode_bytes(selector)}-{size}": n for (selector, size), n in counts.items()}


def show_inference(call: Any) -> dict[str, Json]:
    """What a frame that ran a model did."""
    return {
        "model": encode_bytes(call.manifest.model_id),
        "cid": encode_cid(call.manifest.model_id),
        "inputs": [_show_tensor(tensor) for tensor in call.inputs],
        "outputs": [_show_tensor(tensor) for tensor in call.outputs],
        "inputDigest": encode_bytes(call.input_digest),
        "outputDigest": encode_bytes(call.output_digest),
        "gas": call.gas,
    }


def _show_tensor(tensor: Any) -> dict[str, Json]:
    return {
        "dtype": int(tensor.dtype),
        "shape": list(tensor.shape),
        "data": encode_bytes(tensor.data),
    }


def show_meaning(frame: CallFrame, interfaces: Interfaces) -> dict[str, Json]:
    """What is known of a frame of our precompiles beside what any client would say."""
    shown: dict[str, Json] = {}
    described = interfaces.describe(frame)
    if described is not None:
        shown["decoded"] = described
    if frame.inference is not None:
        shown["inference"] = show_inference(frame.inference)
    return shown


def _show_frame(frame: CallFrame, interfaces: Interfaces, with_log: bool) -> dict[str, Json]:
    failure = frame.failure
    shown: dict[str, Json] = {
        "from": encode_bytes(frame.caller),
        "gas": encode_quantity(frame.gas),
        "gasUsed": encode_quantity(frame.gas_used),
    }
    if frame.target and not (frame.kind.is_creation and failure is not None):
        shown["to"] = encode_bytes(frame.target)
    shown["input"] = encode_bytes(frame.data)
    if frame.output and (failure is None or failure.reason is Reason.REVERTED):
        shown["output"] = encode_bytes(frame.output)
    if failure is not None:
        shown["error"] = str(failure)
        reason = decode_standard(frame.output)
        if reason is not None and failure.reason is Reason.REVERTED:
            shown["revertReason"] = reason
    if with_log and frame.logs:
        shown["logs"] = [_show_event(log) for log in frame.logs]
    if frame.value is not None:
        shown["value"] = encode_quantity(frame.value)
    shown["type"] = frame.kind.value
    return shown | show_meaning(frame, interfaces)


def _show_event(log: FrameLog) -> dict[str, Json]:
    return {
        "address": encode_bytes(log.event.address),
        "topics": [encode_word(topic) for topic in log.event.topics],
        "data": encode_bytes(log.event.data),
        "index": encode_quantity(log.index),
        "position": encode_quantity(log.position),
    }


def _show_log(
    log: StructLog, stack: bool, storage: bool, memory: bool, returns: bool
) -> dict[str, Json]:
    step = log.step
    shown: dict[str, Json] = {
        "pc": step.pc,
        "op": get_mnemonic(step.code),
        "gas": step.gas,
        "gasCost": step.cost,
        "depth": step.depth,
    }
    if step.failure is not None:
        shown["error"] = str(step.failure)
    if stack:
        shown["stack"] = [encode_quantity(item) for item in step.stack]
    if returns and step.return_data:
        shown["returnData"] = encode_bytes(step.return_data)
    if memory:
        words = range(0, len(step.memory), _WORD)
        shown["memory"] = [encode_bytes(step.memory[at : at + _WORD]) for at in words]
    if storage and log.storage is not None:
        shown["storage"] = {encode_word(slot): encode_word(word) for slot, word in log.storage}
    if step.refund:
        shown["refund"] = step.refund
    return shown


def _show_account(account: AccountState, with_no_code: bool) -> dict[str, Json]:
    shown: dict[str, Json] = {}
    if account.balance is not None:
        shown["balance"] = encode_quantity(account.balance)
    if account.nonce:
        shown["nonce"] = account.nonce
    if account.code or (with_no_code and account.code is not None):
        shown["code"] = encode_bytes(account.code)
    if account.storage:
        shown["storage"] = {
            encode_word(slot): encode_word(word) for slot, word in account.storage.items()
        }
    return shown
