"""What is asked about the scenario: methods with their parameters, by a name each.

Parameters may hold `{hash:NAME}` for the transaction of that name, `{number:NAME}` for its block,
`{integer:NAME}` for the same as a JSON number, and `{created:NAME}` for the contract it created.
"""

from collections.abc import Iterator, Sequence
from typing import Any

Question = tuple[str, list[Any]]  # method and parameters

_FIRST = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
_FRESH = "0x" + "f1" * 20
_TRACERS: dict[str, dict[str, Any]] = {
    "struct": {},
    "memory": {"enableMemory": True, "enableReturnData": True, "disableStorage": True},
    "call": {"tracer": "callTracer"},
    "call with logs": {"tracer": "callTracer", "tracerConfig": {"withLog": True}},
    "top call": {"tracer": "callTracer", "tracerConfig": {"onlyTopCall": True}},
    "prestate": {"tracer": "prestateTracer"},
    "diff": {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
    "4byte": {"tracer": "4byteTracer"},
    "noop": {"tracer": "noopTracer"},
}


def list_questions(names: Sequence[str]) -> Iterator[tuple[str, Question]]:
    """All questions about transactions of these names."""
    for name in names:
        for tracer, config in _TRACERS.items():
            yield (
                f"{name} / {tracer}",
                ("debug_traceTransaction", [f"{{hash:{name}}}", config]),
            )
        hash_only = [f"{{hash:{name}}}"]
        for method in (
            "trace_transaction",
            "ots_getInternalOperations",
            "ots_getTransactionError",
            "ots_traceTransaction",
            "debug_getRawTransaction",
            "eth_getRawTransactionByHash",
        ):
            yield f"{name} / {method}", (method, hash_only)
        number = [f"{{number:{name}}}"]
        for kind in ("trace", "stateDiff", "vmTrace"):
            yield f"{name} / {kind}", ("trace_replayBlockTransactions", [*number, [kind]])
        for method in ("trace_block", "ots_getBlockDetails"):
            yield f"{name} / {method}", (method, number)
    yield from _list_others()


def _list_others() -> Iterator[tuple[str, Question]]:
    caller, counter = "{created:deploy caller}", "{created:deploy counter}"
    yield "level", ("ots_getApiLevel", [])
    yield "code", ("ots_hasCode", [counter, "latest"])
    yield "no code", ("ots_hasCode", [_FRESH, "latest"])
    yield "creator", ("ots_getContractCreator", [counter])
    yield "creator of nothing", ("ots_getContractCreator", [_FRESH])
    yield "by nonce", ("ots_getTransactionBySenderAndNonce", [_FIRST, 3])
    yield "by nonce, none", ("ots_getTransactionBySenderAndNonce", [_FIRST, 999])
    yield "page", ("ots_getBlockTransactions", ["{integer:call through}", 0, 10])
    yield "details", ("ots_getBlockDetails", ["{number:call through}"])
    for start in (0, 5):
        yield f"before {start}", ("ots_searchTransactionsBefore", [counter, start, 2])
        yield f"after {start}", ("ots_searchTransactionsAfter", [counter, start, 2])
    yield "before, all", ("ots_searchTransactionsBefore", [_FRESH, 0, 25])
    yield "after, all", ("ots_searchTransactionsAfter", [_FRESH, 0, 25])
    yield "header", ("erigon_getHeaderByNumber", ["{number:count}"])
    window = {"fromBlock": "{number:count}", "toBlock": "{number:call through}"}
    yield "filter", ("trace_filter", [window])
    yield "filter from", ("trace_filter", [{**window, "fromAddress": [caller]}])
    yield "filter to", ("trace_filter", [{**window, "toAddress": [counter]}])
    yield "filter count", ("trace_filter", [{**window, "after": 1, "count": 2}])
    yield (
        "replay block",
        (
            "trace_replayBlockTransactions",
            ["{number:call through}", ["trace", "stateDiff"]],
        ),
    )
    message = {"from": _FIRST, "to": caller, "data": "0x0102", "gas": "0x7a120"}
    for tracer, config in _TRACERS.items():
        if tracer != "4byte":  # Anvil has it for transactions only
            yield f"call / {tracer}", ("debug_traceCall", [message, "latest", config])
    yield "access list", ("eth_createAccessList", [message, "latest"])
    yield (
        "block by number",
        (
            "debug_traceBlockByNumber",
            ["{number:call through}", {"tracer": "callTracer"}],
        ),
    )
