"""Tracers by the names and options that geth gives them.

| name             | options                                                               |
|------------------|-----------------------------------------------------------------------|
| none             | `enableMemory` `enableReturnData` `disableStack` `disableStorage` `limit` |
| `callTracer`     | `onlyTopCall` `withLog`                                                   |
| `flatCallTracer` | `includePrecompiles` `convertParityErrors`                            |
| `prestateTracer` | `diffMode` `disableCode` `disableStorage` `includeEmpty`              |
| `4byteTracer`    |                                                                       |
| `noopTracer`     |                                                                       |
| `muxTracer`      | an object: other tracers and their options                            |
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devnet.chain.history import Place
from devnet.chain.tracing.budget import Budget
from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.event import Tracer
from devnet.chain.tracing.flat import build_geth_rule, flatten, show_every_frame
from devnet.chain.tracing.four_byte import FourByteTracer
from devnet.chain.tracing.mux import MuxTracer
from devnet.chain.tracing.prestate import PrestateTracer
from devnet.chain.tracing.struct_logger import StructLogger
from devnet.errors import ChainError, InvalidParams
from devnet.rpc.dispatch import Json
from devnet.rpc.interfaces import Interfaces
from devnet.rpc.parity_views import show_flat_call
from devnet.rpc.quantity import decode_flag, decode_number, decode_object, decode_text
from devnet.rpc.trace_views import (
    show_call_frame,
    show_four_bytes,
    show_prestate,
    show_struct_logs,
)


@dataclass(frozen=True, slots=True)
class End:
    """What is known when a transaction or call is over."""

    gas_used: int
    block_number: int
    place: Place | None = None  # None for a call


@dataclass(frozen=True, slots=True)
class Job:
    """A tracer for one transaction, and how its result is shown at the end."""

    tracer: Tracer
    show: Callable[[End], Json]


@dataclass(frozen=True, slots=True)
class Scope:
    """What the tracers of one request share."""

    interfaces: Interfaces  # our precompiles, which are shown like contracts
    budget: Budget


Make = Callable[[], Job]
_Options = Mapping[str, object]


def decode_tracer(config: object, interfaces: Interfaces) -> Make:
    """What makes a job for each transaction.

    `timeout` and `reexec` are checked and change nothing: what bounds a trace is its size, and all
    states are there. Raises: InvalidParams; ChainError if there is no tracer of that name.
    """
    fields = {} if config is None else decode_object(config, "config")
    if not _DURATION.fullmatch(decode_text(fields.get("timeout", "5s"), "config.timeout")):
        raise InvalidParams("config.timeout is no duration, must be one as in 300ms or 1m30s")
    decode_number(fields.get("reexec", 0), "config.reexec")
    scope = Scope(interfaces, Budget())
    if not fields.get("tracer"):
        return _decode_struct_logger(fields, scope)
    name = decode_text(fields["tracer"], "config.tracer")
    options = decode_object(fields.get("tracerConfig", {}), "config.tracerConfig")
    return _decode_named(name, options, scope)


def _decode_named(name: str, options: _Options, scope: Scope) -> Make:
    decode = _NAMED.get(name)
    if decode is None:
        raise ChainError(
            f"no tracer '{name[:64]}'; there are {', '.join(_NAMED)}, and none in JavaScript"
        )
    return decode(options, scope)


def _decode_struct_logger(fields: _Options, scope: Scope) -> Make:
    flag = _read_flags(fields)
    memory, returns = flag("enableMemory"), flag("enableReturnData")
    stack, storage = not flag("disableStack"), not flag("disableStorage")
    limit = decode_number(fields.get("limit", 0), "config.limit")

    def make() -> Job:
        logger = StructLogger(memory or returns, limit, scope.budget)

        def show(end: End) -> Json:
            return show_struct_logs(logger, end.gas_used, stack, storage, memory, returns)

        return Job(logger, show)

    return make


def _decode_calls(options: _Options, scope: Scope) -> Make:
    flag = _read_flags(options)
    only_top, with_log = flag("onlyTopCall"), flag("withLog")

    def make() -> Job:
        tracer = CallTracer(scope.budget)

        def show(end: End) -> Json:
            return show_call_frame(
                tracer.finish(end.gas_used), scope.interfaces, with_log, only_top
            )

        return Job(tracer, show)

    return make


def _decode_flat(options: _Options, scope: Scope) -> Make:
    flag = _read_flags(options)
    in_parity_words = flag("convertParityErrors")
    every = flag("includePrecompiles")
    rule = show_every_frame if every else build_geth_rule(scope.interfaces)

    def make() -> Job:
        tracer = CallTracer(scope.budget)

        def show(end: End) -> Json:
            traces = flatten(tracer.finish(end.gas_used), rule)
            setting = (scope.interfaces, end.block_number, end.place, in_parity_words)
            return [show_flat_call(trace, *setting) for trace in traces]

        return Job(tracer, show)

    return make


def _decode_prestate(options: _Options, scope: Scope) -> Make:
    flag = _read_flags(options)
    diff, with_empty = flag("diffMode"), flag("includeEmpty")
    code, storage = not flag("disableCode"), not flag("disableStorage")
    if diff and with_empty:
        raise InvalidParams("config.diffMode and config.includeEmpty exclude each other")

    def make() -> Job:
        tracer = PrestateTracer(code, storage, scope.budget)

        def show(_: End) -> Json:
            if not diff:
                return show_prestate(tracer.build_prestate(with_empty))
            pre, post = tracer.build_diff()
            return {"post": show_prestate(post, with_no_code=True), "pre": show_prestate(pre)}

        return Job(tracer, show)

    return make


def _decode_four_byte(_: _Options, scope: Scope) -> Make:
    def make() -> Job:
        tracer = FourByteTracer(scope.interfaces)
        return Job(tracer, lambda _: show_four_bytes(tracer.counts))

    return make


def _decode_noop(_: _Options, __: Scope) -> Make:
    return lambda: Job(Tracer(), lambda _: {})


def _decode_mux(options: _Options, scope: Scope) -> Make:
    makers = {}
    for name, inner in options.items():
        if name == "muxTracer":
            raise InvalidParams("config.tracerConfig has a muxTracer in a muxTracer; name others")
        given = decode_object(inner if inner is not None else {}, f"tracerConfig.{name[:64]}")
        makers[name] = _decode_named(name, given, scope)

    def make() -> Job:
        jobs = {name: maker() for name, maker in makers.items()}
        tracer = MuxTracer([job.tracer for job in jobs.values()])
        return Job(tracer, lambda end: {name: job.show(end) for name, job in jobs.items()})

    return make


def _read_flags(fields: _Options) -> Callable[[str], bool]:
    return lambda key: decode_flag(fields.get(key, False), f"config.{key}")


_DURATION = re.compile(r"(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+|0")  # as Go reads it
_NAMED: Mapping[str, Callable[[_Options, Scope], Make]] = {
    "callTracer": _decode_calls,
    "flatCallTracer": _decode_flat,
    "prestateTracer": _decode_prestate,
    "4byteTracer": _decode_four_byte,
    "noopTracer": _decode_noop,
    "muxTracer": _decode_mux,
}
