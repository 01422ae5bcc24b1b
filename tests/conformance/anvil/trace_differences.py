"""Differences in what `trace_` tells.

The cause is Parity's documentation unless another is named.
"""

from __future__ import annotations

from typing import Any

from tests.conformance.anvil.difference import Asked, Difference, walk_objects

_WORDS = {
    "StateChangeDuringStaticCall": "Mutable Call In Static Context",
    "StackUnderflow": "Stack underflow",
    "Insufficient balance for transfer": "insufficient balance for transfer",
}
_IDENTITY, _AT = "0x" + "4".rjust(40, "0"), 5  # the scenario calls one precompile, as sixth frame
_DELEGATE = "0xef0100e7f1725e7734ce288f8367e1bb143e90bb3f0512"
_SECOND = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"


def _is_trace(asked: Asked) -> bool:
    return asked.method.startswith("trace_") and not _is_vm(asked)


def _is_vm(asked: Asked) -> bool:
    return bool(asked.params[-1:] == [["vmTrace"]])


def _is_replay(asked: Asked) -> bool:
    return asked.method == "trace_replayBlockTransactions" and not _is_vm(asked)


def _drop_precompile(answer: Any, _: Asked) -> Any:
    traces = [trace for trace in answer if trace["action"].get("to") != _IDENTITY]
    for trace in traces:
        address = trace["traceAddress"]
        if address[:1] > [_AT]:
            address[0] -= 1
        elif not address and trace["subtraces"] > _AT:
            trace["subtraces"] -= 1
    return traces


def _use_parity_words(answer: Any, _: Asked) -> Any:
    for trace in walk_objects(answer):
        if "error" in trace:
            trace["error"] = _WORDS.get(trace["error"], trace["error"])
    return answer


def _mark_new_accounts(answer: Any, _: Asked) -> Any:
    for replayed in answer:
        for account in replayed["stateDiff"].values():
            balance = account["balance"]
            was_empty = isinstance(balance, dict) and balance.get("*", {}).get("from") == "0x0"
            if was_empty and not account["storage"] and account["code"] == account["nonce"] == "=":
                account["balance"] = {"+": balance["*"]["to"]}
                account |= {"code": {"+": "0x"}, "nonce": {"+": "0x0"}}
    return answer


def _mark_delegation(answer: Any, asked: Asked) -> Any:
    if asked.name.startswith("delegate"):
        answer[0]["stateDiff"][_SECOND]["code"] = {"*": {"from": "0x", "to": _DELEGATE}}
    return answer


def _cut_vm_traces(answer: Any, _: Asked) -> Any:
    return [_cut_frame(replayed["vmTrace"]) for replayed in answer]


def _cut_frame(frame: dict[str, Any] | None) -> Any:
    if frame is None or not frame["ops"]:
        return None
    return [
        (op["pc"], op["op"], op["op"].startswith("CREATE") or op["cost"], _cut_frame(op["sub"]))
        for op in frame["ops"]
    ]


TRACE_DIFFERENCES = (
    Difference(
        "calls of precompiles are frames of mined transactions, not of replayed ones",
        "they are none unless they are paid; geth, Erigon and reth leave them out too",
        lambda asked: _is_trace(asked) and not _is_replay(asked),
        _drop_precompile,
    ),
    Difference(
        "some failures have revm's names",
        "Parity's words",
        _is_trace,
        _use_parity_words,
    ),
    Difference(
        "accounts that were not there changed",
        "they are new: `+`",
        _is_replay,
        _mark_new_accounts,
    ),
    Difference(
        "a delegation (EIP-7702) is no change of code",
        "it is one: `eth_getCode` shows it",
        _is_replay,
        _mark_delegation,
    ),
    Difference(
        "a vmTrace has no creation code, no stored words, the gas before an instruction for the "
        "gas after it, and memory that was not written",
        "Parity's `used` is what is left; `mem` and `store` are what the instruction wrote",
        _is_vm,
        _cut_vm_traces,
        is_loss=True,
    ),
)
