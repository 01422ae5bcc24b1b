"""Tracers by the names and options that geth gives them.

| name             | options                                                               |
|------------------|-----------------------------------------------------------------------|
| none             | `enableMemory` `enableReturnData` `disableStack` `disableStorage` `limit` |
| `callTracer`     | `onlyTopCall` `withLog`                                               |
| `flatCallTracer` | `includePrecompiles`                                                  |
| `prestateTracer` | `diffMode` `disableCode` `disableStorage`                             |
| `4byteTracer`    |                                                                       |
| `noopTracer`     |                                                                       |
| `muxTracer`      | an object: other tracers and their options                            |
"""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass

from devnet.chain.tracing.call_tracer import CallTracer
from devnet.chain.tracing.event import Tracer
from devnet.chain.tracing.flat import EVERYTHING, flatten
from devnet.chain.tracing.four_byte import FourByteTracer
from devnet.chain.tracing.mux import MuxTracer
from devnet.chain.tracing.prestate import PrestateTracer
from devnet.chain.tracing.struct_logger import StructLogger
from devnet.errors import ChainError
from devnet.rpc.dispatch import Json
from devnet.rpc.parity_views import show_flat_trace
from devnet.rpc.quantity import decode_flag, decode_number, decode_object, decode_text
from devnet.rpc.trace_views import (
    show_call_frame,
    show_four_bytes,
    show_prestate,
    show_struct_logs,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A tracer for one transaction, and how its result is shown, given the gas that was used."""

    tracer: Tracer
    show: Callable[[int], Json]


Make = Callable[[], Job]


def decode_tracer(config: object, interfaces: Container[bytes]) -> Make:
    """What makes a job for each transaction.

    Args:
        interfaces: addresses of our precompiles, which are shown like contracts.
    Raises: InvalidParams; ChainError if there is no tracer of that name.
    """
    fields = {} if config is None else decode_object(config, "config")
    if not fields.get("tracer"):
        return _decode_struct_logger(fields)
    name = decode_text(fields["tracer"], "config.tracer")
    options = decode_object(fields.get("tracerConfig", {}), "config.tracerConfig")
    return _decode_named(name, options, interfaces)


def _decode_named(name: str, options: Mapping[str, object], known: Container[bytes]) -> Make:
    if name == "muxTracer":
        return _decode_mux(options, known)
    decode = _NAMED.get(name)
    if decode is None:
        raise ChainError(
            f"no tracer '{name[:64]}'; there are {', '.join(_NAMED)} and muxTracer, and none in "
            "JavaScript"
        )
    return decode(options, known)


def _decode_struct_logger(fields: Mapping[str, object]) -> Make:
    flag = _read_flags(fields)
    memory, returns = flag("enableMemory"), flag("enableReturnData")
    stack, storage = not flag("disableStack"), not flag("disableStorage")
    limit = decode_number(fields.get("limit", 0), "config.limit")

    def make() -> Job:
        logger = StructLogger(memory or returns, limit)

        def show(gas_used: int) -> Json:
            return show_struct_logs(logger, gas_used, stack, storage, memory, returns)

        return Job(logger, show)

    return make


def _decode_calls(options: Mapping[str, object], _: Container[bytes]) -> Make:
    flag = _read_flags(options)
    only_top, with_log = flag("onlyTopCall"), flag("withLog")

    def make() -> Job:
        tracer = CallTracer()
        return Job(tracer, lambda gas: show_call_frame(tracer.finish(gas), with_log, only_top))

    return make


def _decode_flat(options: Mapping[str, object], interfaces: Container[bytes]) -> Make:
    shown = EVERYTHING if _read_flags(options)("includePrecompiles") else interfaces

    def make() -> Job:
        tracer = CallTracer()

        def show(gas_used: int) -> Json:
            return [show_flat_trace(trace) for trace in flatten(tracer.finish(gas_used), shown)]

        return Job(tracer, show)

    return make


def _decode_prestate(options: Mapping[str, object], _: Container[bytes]) -> Make:
    flag = _read_flags(options)
    diff, code, storage = flag("diffMode"), not flag("disableCode"), not flag("disableStorage")

    def make() -> Job:
        tracer = PrestateTracer()

        def show(_: int) -> Json:
            if not diff:
                return show_prestate(tracer.build_prestate(), code, storage)
            pre, post = tracer.build_diff()
            return {
                "post": show_prestate(post, code, storage),
                "pre": show_prestate(pre, code, storage),
            }

        return Job(tracer, show)

    return make


def _decode_four_byte(_: Mapping[str, object], interfaces: Container[bytes]) -> Make:
    def make() -> Job:
        tracer = FourByteTracer(interfaces)
        return Job(tracer, lambda _: show_four_bytes(tracer.counts))

    return make


def _decode_noop(_: Mapping[str, object], __: Container[bytes]) -> Make:
    return lambda: Job(Tracer(), lambda _: {})


def _decode_mux(options: Mapping[str, object], interfaces: Container[bytes]) -> Make:
    makers = {
        name: _decode_named(name, decode_object(inner, f"tracerConfig.{name[:64]}"), interfaces)
        for name, inner in options.items()
        if name != "muxTracer"
    }

    def make() -> Job:
        jobs = {name: maker() for name, maker in makers.items()}
        tracer = MuxTracer([job.tracer for job in jobs.values()])
        return Job(tracer, lambda gas: {name: job.show(gas) for name, job in jobs.items()})

    return make


def _read_flags(fields: Mapping[str, object]) -> Callable[[str], bool]:
    return lambda key: decode_flag(fields.get(key, False), f"config.{key}")


_NAMED: Mapping[str, Callable[[Mapping[str, object], Container[bytes]], Make]] = {
    "callTracer": _decode_calls,
    "flatCallTracer": _decode_flat,
    "prestateTracer": _decode_prestate,
    "4byteTracer": _decode_four_byte,
    "noopTracer": _decode_noop,
}
