"""Lets a tracer watch a state execute: binds it by a fresh subclass of the computation class.

The one adapter between py-evm's computations and `event`. The loop that runs opcodes, and every
opcode, stay py-evm's: they are only wrapped.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from eth.exceptions import Halt, VMError
from eth.vm.computation import BaseComputation
from eth.vm.logic.invalid import InvalidOpcode

from devnet.chain.intrinsic import compute_initcode_gas
from devnet.chain.precompile import get_inference
from devnet.chain.tracing.calling import CALLING, watch_call
from devnet.chain.tracing.event import CallKind, Emitted, Enter, Exit, Tracer
from devnet.chain.tracing.failure import describe_failure
from devnet.chain.tracing.frame import Intent, OpenFrame
from devnet.chain.tracing.stepping import begin_step, bind_meter, end_step, tell_step
from devnet.chain.tracing.touching import TOUCHING, watch_precompile, watch_touch

_STOCK_LOOP: Any = BaseComputation.apply_computation


@contextmanager
def observe(state: Any, tracer: Tracer) -> Iterator[None]:
    """Report what the state executes in this block of code."""
    upstream = state.computation_class
    state.computation_class = bind_tracer(upstream, tracer)
    try:
        yield
    finally:
        state.computation_class = upstream


def bind_tracer(upstream: Any, tracer: Tracer) -> type[Any]:
    """A computation class that reports to a tracer; one for each observed execution."""
    frames: list[OpenFrame] = []
    members: dict[str, Any] = {
        "apply_computation": classmethod(_STOCK_LOOP.__func__),
        "apply_message": classmethod(_watch_message(upstream, tracer, frames)),
        "apply_create_message": classmethod(_watch_creation(upstream, tracer, frames)),
        "add_log_entry": _watch_log(upstream, tracer),
        "return_gas": _watch_return(upstream, frames),
        "opcodes": _watch_opcodes(upstream.opcodes, tracer, frames),
    }
    if tracer.wants_touches:
        precompiles = upstream._precompiles.items()
        watched = {address: watch_precompile(run, tracer) for address, run in precompiles}
        members["_precompiles"] = watched
    if tracer.wants_steps:
        members["_configure_gas_meter"] = bind_meter(upstream, frames)
    return type("ObservedComputation", (upstream,), members)


def _watch_message(upstream: Any, tracer: Tracer, frames: list[OpenFrame]) -> Any:
    run = upstream.apply_message.__func__

    def apply_message(
        cls: type[Any], state: Any, message: Any, context: Any, parent_computation: Any = None
    ) -> Any:
        if message.is_create:  # its frame is open already
            return run(cls, state, message, context, parent_computation)
        args = (state, message, context, parent_computation)
        return _watch_frame(run, cls, args, tracer, frames)

    return apply_message


def _watch_creation(upstream: Any, tracer: Tracer, frames: list[OpenFrame]) -> Any:
    run = upstream.apply_create_message.__func__

    def apply_create_message(
        cls: type[Any], state: Any, message: Any, context: Any, parent_computation: Any = None
    ) -> Any:
        args = (state, message, context, parent_computation)
        return _watch_frame(run, cls, args, tracer, frames)

    return apply_create_message


def _watch_frame(
    run: Callable[..., Any],
    cls: type[Any],
    args: tuple[Any, Any, Any, Any],
    tracer: Tracer,
    frames: list[OpenFrame],
) -> Any:
    state, message, _, parent = args
    outer = frames[-1] if frames else None
    if outer is not None and outer.instruction is not None:
        handed = message.gas if message.is_create else 0
        tell_step(tracer, outer, parent, handed)
    gas = _compute_gas(state, message)
    tracer.on_enter(_describe_entry(cls, message, outer, gas))
    refund = message.refund if outer is None else outer.count_refund(parent)
    frame = OpenFrame(inherited=refund)
    frames.append(frame)
    try:
        computation = run(cls, *args)
    finally:
        frames.pop()
    if outer is not None and computation.is_success:
        outer.settled += computation.get_gas_meter().gas_refunded + frame.settled
    tracer.on_exit(
        Exit(
            output=bytes(computation.output),
            gas_used=gas - computation.get_gas_remaining(),
            failure=describe_failure(computation),
            inference=get_inference(computation),
        )
    )
    return computation


def _compute_gas(state: Any, message: Any) -> int:
    """Gas of a frame when its code begins; py-evm takes a creation's gas for initcode later."""
    gas: int = message.gas
    if not message.is_create or message.depth:
        return gas
    return max(gas - compute_initcode_gas(bytes(message.code), state.rules.fork), 0)


def _describe_entry(cls: Any, message: Any, outer: OpenFrame | None, gas: int) -> Enter:
    intent = None if outer is None else outer.intent
    if intent is None:  # the outermost frame
        kind = CallKind.CREATE if message.is_create else CallKind.CALL
        intent = Intent(kind, message.to, message.value, message.sender)
    intent.spawned = True
    is_precompile = message.code_address in cls._precompiles and not message.is_delegation
    return Enter(
        kind=intent.kind,
        depth=message.depth,
        caller=intent.caller,
        target=message.storage_address if message.is_create else intent.target,
        value=intent.value,
        data=bytes(message.code) if message.is_create else message.data_as_bytes,
        gas=gas,
        is_precompile=is_precompile and not message.is_create,
    )


def _watch_log(upstream: type[Any], tracer: Tracer) -> Any:
    def add_log_entry(self: Any, account: bytes, topics: tuple[int, ...], data: bytes) -> None:
        upstream.add_log_entry(self, account, topics, data)
        tracer.on_log(Emitted(account, topics, bytes(data)))

    return add_log_entry


def _watch_return(upstream: type[Any], frames: list[OpenFrame]) -> Any:
    def return_gas(self: Any, amount: int) -> None:
        frames[-1].returned = amount
        upstream.return_gas(self, amount)

    return return_gas


def _watch_opcodes(
    opcodes: Mapping[int, Any], tracer: Tracer, frames: list[OpenFrame]
) -> dict[int, Any]:
    watched = dict(opcodes)
    for code in CALLING:
        if code in opcodes:
            watched[code] = watch_call(code, watched[code], tracer, frames)
    if tracer.wants_touches:
        for code in TOUCHING:
            if code in opcodes:
                watched[code] = watch_touch(code, watched[code], tracer)
    if tracer.wants_steps:
        for code in range(256):
            run = watched.get(code) or InvalidOpcode(code)
            watched[code] = _watch_step(code, run, tracer, frames)
    return watched


def _watch_step(code: int, run: Any, tracer: Tracer, frames: list[OpenFrame]) -> Any:
    def step(computation: Any) -> None:
        if not tracer.wants_steps:
            run(computation=computation)
            return
        frame = frames[-1]
        begin_step(tracer, frame, computation, code)
        try:
            run(computation=computation)
        except VMError as error:
            end_step(tracer, frame, computation, error)
            raise
        except Halt:
            end_step(tracer, frame, computation)
            raise
        end_step(tracer, frame, computation)

    return step
