"""Why a computation of py-evm failed, in geth's words; found by the class of the error."""

from collections.abc import Mapping
from typing import Any

from eth import exceptions

from devnet.chain.tracing.event import Failure, Reason
from devnet.chain.tracing.instruction import count_taken, get_mnemonic

MAX_CODE_BYTES = 24_576  # EIP-170
_MOST_ITEMS = 1_023  # before an instruction that adds one, and none adds more
_REASONS: Mapping[type[BaseException], Reason] = {
    exceptions.Revert: Reason.REVERTED,
    exceptions.OutOfGas: Reason.OUT_OF_GAS,
    exceptions.InsufficientStack: Reason.STACK_UNDERFLOW,
    exceptions.FullStack: Reason.STACK_OVERFLOW,
    exceptions.InvalidJumpDestination: Reason.BAD_JUMP,
    exceptions.InvalidInstruction: Reason.BAD_OPCODE,
    exceptions.WriteProtection: Reason.WRITE_PROTECTION,
    exceptions.OutOfBoundsRead: Reason.OUT_OF_BOUNDS,
    exceptions.StackDepthLimit: Reason.TOO_DEEP,
    exceptions.InsufficientFunds: Reason.NO_FUNDS,
    exceptions.ContractCreationCollision: Reason.COLLISION,
    exceptions.IncorrectContractCreationAddress: Reason.COLLISION,
    exceptions.ReservedBytesInCode: Reason.RESERVED_CODE,
    exceptions.VMError: Reason.PRECOMPILE,
}


def describe_failure(computation: Any) -> Failure | None:
    """Why a finished computation failed, or nothing if it did not."""
    if computation.is_success:
        return None
    reason = find_reason(computation.error)
    if reason is Reason.OUT_OF_GAS and computation.msg.is_create and computation._output:
        is_large = len(computation._output) > MAX_CODE_BYTES
        return Failure(Reason.CODE_TOO_LARGE if is_large else Reason.CODE_STORAGE)
    if reason is Reason.PRECOMPILE:
        return Failure(reason, str(computation.error))
    if reason in (Reason.BAD_OPCODE, Reason.STACK_UNDERFLOW, Reason.STACK_OVERFLOW):
        at = computation.code.program_counter - 1
        code = computation.code[at] if at < len(computation.code) else 0
        return describe_fault(reason, code, len(computation._stack.values))
    return Failure(reason)


def describe_fault(reason: Reason, code: int, items: int) -> Failure:
    """A failure at an instruction, with that many items on the stack before it."""
    if reason is Reason.BAD_OPCODE:
        return Failure(reason, get_mnemonic(code))
    if reason is Reason.STACK_UNDERFLOW:
        return Failure(reason, f"({items} <=> {count_taken(code)})")
    if reason is Reason.STACK_OVERFLOW:
        return Failure(reason, f"{items} ({_MOST_ITEMS})")
    return Failure(reason)


def find_reason(error: BaseException) -> Reason:
    """The reason behind an error of the EVM."""
    return next(_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS)
