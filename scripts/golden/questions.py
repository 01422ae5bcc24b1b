"""What is asked about the scenario: methods with their parameters, by a name each.

Parameters may hold `{hash:NAME}` for the transaction of that name, `{number:NAME}` for its block,
`{integer:NAME}` for its block as a JSON number, `{created:NAME}` for the contract it created, and
`{codehash:NAME}` for the hash of that contract's code.
"""

from collections.abc import Iterator, Sequence
from typing import Any

Question = tuple[str, list[Any]]  # method and parameters

_FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
_FRESH = "0x" + "f1" * 20
_COUNTER, _CALLER = "{created:deploy counter}", "{created:deploy caller}"
_TRACERS: dict[str, dict[str, Any]] = {
    "struct": {},
    "call": {"tracer": "callTracer", "tracerConfig": {"withLog": True}},
    "top call": {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}},
    "prestate": {"tracer": "prestateTracer"},
    "diff": {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
    "4byte": {"tracer": "4byteTracer"},
}
_STRUCT_OPTIONS: dict[str, dict[str, Any]] = {
    "memory": {"enableMemory": True, "enableReturnData": True, "disableStorage": True},
    "no stack": {"disableStack": True, "disableStorage": True},
    "noop": {"tracer": "noopTracer"},
    "bare prestate": {
        "tracer": "prestateTracer",
        "tracerConfig": {"disableCode": True, "disableStorage": True},
    },
    "bare diff": {
        "tracer": "prestateTracer",
        "tracerConfig": {"diffMode": True, "disableCode": True, "disableStorage": True},
    },
}
_BY_HASH = (
    "trace_transaction",
    "ots_getInternalOperations",
    "ots_getTransactionError",
    "ots_traceTransaction",
    "debug_getRawTransaction",
)
_WITH_STEPS = ("count", "call through", "create inside", "nested revert")  # asked with all options


def list_questions(names: Sequence[str]) -> Iterator[tuple[str, Question]]:
    """All questions, those about transactions for each of these names."""
    for name in names:
        yield from _list_about(name)
    yield from _list_traces()
    yield from _list_explorer()
    yield from _list_calls()
    yield from _list_states()


def _list_about(name: str) -> Iterator[tuple[str, Question]]:
    its_hash, number = f"{{hash:{name}}}", f"{{number:{name}}}"
    options = {**_TRACERS, **(_STRUCT_OPTIONS if name in _WITH_STEPS else {})}
    for tracer, config in options.items():
        yield f"{name} / {tracer}", ("debug_traceTransaction", [its_hash, config])
    for method in _BY_HASH:
        yield f"{name} / {method}", (method, [its_hash])
    yield f"{name} / replay", ("trace_replayBlockTransactions", [number, ["trace", "stateDiff"]])
    yield f"{name} / details", ("ots_getBlockDetails", [number])
    if name in _WITH_STEPS:
        yield f"{name} / vmTrace", ("trace_replayBlockTransactions", [number, ["vmTrace"]])


def _list_traces() -> Iterator[tuple[str, Question]]:
    number = "{number:call through}"
    yield "block", ("trace_block", [number])
    window = {"fromBlock": "{number:count}", "toBlock": number}
    yield "filter", ("trace_filter", [window])
    yield "filter from", ("trace_filter", [{**window, "fromAddress": [_CALLER]}])
    yield "filter to", ("trace_filter", [{**window, "toAddress": [_COUNTER]}])
    both = {"fromAddress": [_CALLER], "toAddress": [_COUNTER, "0x" + "f2" * 20]}
    yield "filter either", ("trace_filter", [{**window, **both}])
    yield "filter both", ("trace_filter", [{**window, **both, "mode": "intersection"}])
    yield "filter count", ("trace_filter", [{**window, "after": 1, "count": 2}])
    for tracer in ("struct", "call", "prestate", "diff"):
        yield f"block / {tracer}", ("debug_traceBlockByNumber", [number, _TRACERS[tracer]])


def _list_explorer() -> Iterator[tuple[str, Question]]:
    yield "level", ("ots_getApiLevel", [])
    yield "code", ("ots_hasCode", [_COUNTER, "latest"])
    yield "code before", ("ots_hasCode", [_COUNTER, "{number:transfer}"])
    yield "no code", ("ots_hasCode", [_FRESH, "latest"])
    for creation in ("deploy counter", "deploy caller", "create inside"):
        yield f"creator, {creation}", ("ots_getContractCreator", [f"{{created:{creation}}}"])
    yield "creator of nothing", ("ots_getContractCreator", [_FRESH])
    for nonce in (0, 3, 999):
        yield f"by nonce {nonce}", ("ots_getTransactionBySenderAndNonce", [_FIRST, nonce])
    yield "page", ("ots_getBlockTransactions", ["{integer:call through}", 0, 10])
    yield "page after", ("ots_getBlockTransactions", ["{integer:call through}", 1, 10])
    for start in ("{integer:transfer}", "{integer:call through}"):
        for way in ("Before", "After"):
            question = (f"ots_searchTransactions{way}", [_COUNTER, start, 2])
            yield f"{way} {start}", question
    for way in ("Before", "After"):
        yield f"{way}, all", (f"ots_searchTransactions{way}", [_FRESH, 0, 25])
    yield "header", ("erigon_getHeaderByNumber", ["{number:count}"])


def _list_calls() -> Iterator[tuple[str, Question]]:
    message = {"from": _FIRST, "to": _CALLER, "data": "0x0102", "gas": "0x7a120"}
    count = {"from": _FIRST, "to": _COUNTER, "gas": "0x30d40"}
    for tracer, config in _TRACERS.items():
        if tracer != "4byte":  # Anvil has it for transactions only
            yield f"call / {tracer}", ("debug_traceCall", [message, "latest", config])
    changed = {_COUNTER: {"stateDiff": {"0x" + "00" * 32: "0x" + "00" * 31 + "64"}}}
    config = {**_TRACERS["diff"], "stateOverrides": changed}
    yield "call / overridden", ("debug_traceCall", [count, "latest", config])
    yield "access list", ("eth_createAccessList", [message, "latest"])


def _list_states() -> Iterator[tuple[str, Question]]:
    yield "code by hash", ("debug_codeByHash", ["{codehash:deploy counter}"])
    yield "no code by hash", ("debug_codeByHash", ["0x" + "11" * 32])
