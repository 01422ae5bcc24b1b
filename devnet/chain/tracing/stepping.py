"""Reports instructions: the machine before each, its cost, and what it left.

The cost of an instruction that opens a frame is known when the frame begins: it leaves out what a
creation hands on, and has in what a call hands on, as geth counts.
"""

from typing import Any

from devnet.chain.tracing.event import Reason, Step, Stepped, Tracer
from devnet.chain.tracing.failure import describe_fault, find_reason
from devnet.chain.tracing.frame import Instruction, OpenFrame
from devnet.chain.tracing.instruction import CODES

_SLOAD, _SSTORE = CODES["SLOAD"], CODES["SSTORE"]
_BEFORE = (Reason.OUT_OF_GAS, Reason.STACK_UNDERFLOW, Reason.STACK_OVERFLOW)  # geth finds these


def bind_meter(upstream: type[Any], frames: list[OpenFrame]) -> Any:
    """Gas meters that note how much was asked for in vain."""

    def configure(computation: Any) -> Any:
        meter = upstream._configure_gas_meter(computation)
        consume = meter.consume_gas

        def consume_gas(amount: int, reason: str) -> None:
            if amount > meter.gas_remaining and frames:
                frames[-1].refused = amount
            consume(amount, reason)

        meter.consume_gas = consume_gas
        return meter

    return configure


def begin_step(tracer: Tracer, frame: OpenFrame, computation: Any, code: int) -> None:
    """Note the machine before an instruction; a frame without code has none."""
    if not len(computation.code):
        return
    stack = _read_stack(computation) if tracer.wants_stack else ()
    frame.instruction = Instruction(
        code=code,
        pc=frame.pc,
        gas=computation.get_gas_meter().gas_remaining,
        stack=stack,
        memory=bytes(computation._memory._bytes) if tracer.wants_memory else b"",
        return_data=bytes(computation.return_data) if tracer.wants_memory else b"",
        word=_read_word(computation, code, stack),
    )


def end_step(
    tracer: Tracer, frame: OpenFrame, computation: Any, error: BaseException | None = None
) -> None:
    """Report an instruction that is over, unless its step is told already."""
    instruction = frame.instruction
    if instruction is None:
        return
    tell_step(tracer, frame, computation, 0, error)
    frame.instruction = None
    frame.pc = computation.code.program_counter
    if error is None and tracer.wants_results:
        tracer.on_stepped(
            Stepped(
                depth=computation.msg.depth + 1,
                gas=computation.get_gas_meter().gas_remaining,
                stack=_read_stack(computation),
                memory=bytes(computation._memory._bytes) if tracer.wants_memory else b"",
            )
        )


def tell_step(
    tracer: Tracer,
    frame: OpenFrame,
    computation: Any,
    handed_gas: int,
    error: BaseException | None = None,
) -> None:
    """Report the open instruction once.

    Args:
        handed_gas: what it gives to a contract that it creates.
    """
    instruction = frame.instruction
    if instruction is None or instruction.is_told:
        return
    instruction.is_told = True
    failure = None
    cost = instruction.gas - computation.get_gas_meter().gas_remaining - handed_gas
    if error is not None:
        reason = find_reason(error)
        if reason in _BEFORE:
            failure = describe_fault(reason, instruction.code, len(instruction.stack))
        if reason is Reason.OUT_OF_GAS:
            cost += frame.refused
    tracer.on_step(
        Step(
            depth=computation.msg.depth + 1,
            address=computation.msg.storage_address,
            pc=instruction.pc,
            code=instruction.code,
            gas=instruction.gas,
            cost=cost,
            refund=frame.count_refund(computation),
            stack=instruction.stack,
            memory=instruction.memory,
            return_data=instruction.return_data,
            word=instruction.word,
            failure=failure,
        )
    )


def _read_stack(computation: Any) -> tuple[int, ...]:
    return tuple(
        item if isinstance(item, int) else int.from_bytes(item, "big")
        for item in computation._stack.values
    )


def _read_word(computation: Any, code: int, stack: tuple[int, ...]) -> tuple[int, int] | None:
    if code == _SLOAD and stack:
        address = computation.msg.storage_address
        return stack[-1], computation.state.get_storage(address, stack[-1])
    if code == _SSTORE and len(stack) > 1:
        return stack[-1], stack[-2]
    return None
