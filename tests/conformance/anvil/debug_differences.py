"""Differences in what `debug_` tells; where geth is named as the cause, ours is geth's answer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.conformance.anvil.difference import Asked, Difference, each_result, walk_objects

_WORDS = {
    "StateChangeDuringStaticCall": "write protection",
    "StackUnderflow": "stack underflow (0 <=> 1)",
}
_FAULTS_INSIDE = ("InvalidJump", "InvalidFEOpcode", "StateChangeDuringStaticCall")
_CREATIONS = ("CREATE", "CREATE2")


def _is_struct(asked: Asked) -> bool:
    return asked.tracer == "struct"


def _is_calls(asked: Asked) -> bool:
    return asked.tracer == "callTracer"


def _is_prestate(asked: Asked) -> bool:
    return asked.tracer == "prestateTracer"


def _word(quantity: str) -> str:
    return f"0x{int(quantity, 16):064x}"


def _set_gas_limit(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        own = (
            next((e["txHash"] for e in answer if e["result"] is result), "")
            if isinstance(answer, list)
            else ""
        )
        result["gas"] = hex(asked.gas_limits[own]) if own else asked.gas_limit
    return answer


def _use_geth_words(answer: Any, _: Asked) -> Any:
    for frame in walk_objects(answer):
        if "error" in frame:
            frame["error"] = _WORDS.get(frame["error"], frame["error"])
    return answer


def _drop_inner(answer: Any, asked: Asked) -> Any:
    if asked.params[-1].get("tracerConfig", {}).get("onlyTopCall"):
        answer.pop("calls", None)
    return answer


def _drop_empty_fields(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        for step in result["structLogs"]:
            if step.get("returnData") == "0x":
                del step["returnData"]
    return answer


def _cut_refunds(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        for step in result["structLogs"]:
            step.pop("refund", None)
    return answer


def _drop_late_faults(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        for step in result["structLogs"]:
            fault = step.get("error", "").removeprefix("Some(").removesuffix(")")
            if fault in _FAULTS_INSIDE:
                del step["error"]
            elif fault in _WORDS:
                step["error"] = _WORDS[fault]
    return answer


def _set_creation_costs(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        steps = result["structLogs"]
        for step, after in pairwise(steps):
            if step["op"] in _CREATIONS and after["depth"] > step["depth"]:
                step["gasCost"] -= after["gas"]
    return answer


def _set_storage(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        steps = result["structLogs"]
        for step, after in pairwise(steps):
            if step["op"] == "SSTORE" and "storage" in step:
                slot, word = step["stack"][-1], step["stack"][-2]
                step["storage"][_word(slot)] = _word(word)
            if step["op"] == "SLOAD" and "storage" in step:
                step["storage"][_word(step["stack"][-1])] = _word(after["stack"][-1])
    return answer


def _drop_empty_accounts(answer: Any, asked: Asked) -> Any:
    for result in each_result(answer, asked):
        accounts = result["pre"] if asked.has_diff else result
        for address in list(accounts):
            fields = accounts[address]
            if fields["balance"] == "0x0" and "nonce" not in fields and "code" not in fields:
                del accounts[address]
    return answer


def _drop_precompile_selectors(answer: Any, asked: Asked) -> Any:
    if asked.name.startswith("call through"):
        del answer["0x08c379a0-0"]  # four bytes for the identity precompile
    return answer


DEBUG_DIFFERENCES = (
    Difference(
        "the outermost frame's gas is what is left after the transaction paid for itself",
        "geth: the transaction's limit",
        _is_calls,
        _set_gas_limit,
    ),
    Difference(
        "some failures have revm's names",
        "geth's words, which clients compare with",
        _is_calls,
        _use_geth_words,
    ),
    Difference(
        "a self-destruction is shown inside the only frame that was asked for",
        "geth: `onlyTopCall` has no frame inside",
        _is_calls,
        _drop_inner,
    ),
    Difference(
        "a step has empty return data",
        "geth leaves out what is empty",
        _is_struct,
        _drop_empty_fields,
    ),
    Difference(
        "a step's refund is its frame's",
        "geth: the transaction's so far, authorizations included; left out while it is 0",
        _is_struct,
        _cut_refunds,
        is_loss=True,
    ),
    Difference(
        "a step that fails while it runs has an error, in Rust's debug form",
        "geth: a step is told before it runs, with what is known then: gas and stack",
        _is_struct,
        _drop_late_faults,
    ),
    Difference(
        "a creation's cost has in it what it hands on",
        "geth: its own cost only",
        _is_struct,
        _set_creation_costs,
    ),
    Difference(
        "storage is shown as revm's journal has it: a word from an access list is missing, one "
        "that could not be written is the old one",
        "geth: the word that is read or was to be written",
        _is_struct,
        _set_storage,
    ),
    Difference(
        "accounts that were empty are in the prestate",
        "geth leaves them out since 1.16 unless `includeEmpty` is set",
        _is_prestate,
        _drop_empty_accounts,
    ),
    Difference(
        "calls of Ethereum's precompiles have selectors",
        "geth: they have none",
        lambda asked: asked.tracer == "4byteTracer",
        _drop_precompile_selectors,
    ),
)
