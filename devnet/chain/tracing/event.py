"""What a running transaction does, as plain data, and who may watch; imports no EVM.

A tracer sees and cannot change: with one or without, gas, output and state are the same.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class CallKind(Enum):
    """How a frame was entered."""

    CALL = "CALL"
    CALLCODE = "CALLCODE"
    DELEGATECALL = "DELEGATECALL"
    STATICCALL = "STATICCALL"
    CREATE = "CREATE"
    CREATE2 = "CREATE2"
    SELFDESTRUCT = "SELFDESTRUCT"

    @property
    def is_creation(self) -> bool:
        return self in (CallKind.CREATE, CallKind.CREATE2)


class Reason(Enum):
    """Why a frame failed, in geth's words."""

    REVERTED = "execution reverted"
    OUT_OF_GAS = "out of gas"
    STACK_UNDERFLOW = "stack underflow"
    STACK_OVERFLOW = "stack limit reached"
    BAD_JUMP = "invalid jump destination"
    BAD_OPCODE = "invalid opcode"
    WRITE_PROTECTION = "write protection"
    OUT_OF_BOUNDS = "return data out of bounds"
    TOO_DEEP = "max call depth exceeded"
    NO_FUNDS = "insufficient balance for transfer"
    NONCE_OVERFLOW = "nonce uint64 overflow"
    COLLISION = "contract address collision"
    RESERVED_CODE = "invalid code: must not begin with 0xef"
    CODE_TOO_LARGE = "max code size exceeded"
    CODE_STORAGE = "contract creation code storage out of gas"
    PRECOMPILE = "precompile failed"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a frame failed; `detail` is what the reason leaves open, in geth's words."""

    reason: Reason
    detail: str = ""

    def __str__(self) -> str:
        text = self.reason.value
        if not self.detail:
            return text
        joint = " " if self.reason in (Reason.STACK_UNDERFLOW, Reason.STACK_OVERFLOW) else ": "
        return f"{text}{joint}{self.detail}"


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction or call before it pays for gas."""

    state: Any  # as the EVM has it: to read from, during the event only
    sender: bytes
    to: bytes | None  # None creates a contract
    created: bytes  # address of the contract, empty if none is created
    value: int
    data: bytes
    gas: int  # limit
    coinbase: bytes
    authorities: tuple[bytes, ...] = ()  # accounts that an EIP-7702 list may change


@dataclass(frozen=True, slots=True)
class Enter:
    """A frame begins."""

    kind: CallKind
    depth: int  # 0 for the outermost
    caller: bytes
    target: bytes  # whose code runs, or the new contract
    value: int | None  # wei; None where the opcode has none
    data: bytes  # call data or creation code
    gas: int
    is_precompile: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """The innermost frame ends."""

    output: bytes
    gas_used: int
    failure: Failure | None
    inference: Any = None  # `precompiles.interface.InferenceCall` that the frame reported


@dataclass(frozen=True, slots=True)
class Emitted:
    """An event, whether or not its frame fails later."""

    address: bytes
    topics: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Touch:
    """An instruction is about to use an account or a word; the state is as before it."""

    state: Any  # as the EVM has it: to read from, during the event only
    code: int  # of the instruction, or `touching.PRECOMPILE`
    contract: bytes  # whose storage the frame works on
    address: bytes  # `contract` where a word is meant
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction: the machine before it, what it cost. Comes before the frame it opens."""

    depth: int  # 1 for the outermost frame
    address: bytes  # whose storage it works on
    pc: int
    code: int  # of the instruction, 0 to 255
    gas: int  # before it
    cost: int
    refund: int  # of the transaction so far
    stack: tuple[int, ...]  # top is last
    memory: bytes
    return_data: bytes
    word: tuple[int, int] | None  # slot and value that SLOAD reads or SSTORE writes
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Stepped:
    """What an instruction left behind; follows its step, and the frame it opened."""

    depth: int
    gas: int
    stack: tuple[int, ...]
    memory: bytes


class Tracer:
    """Watches one transaction; this one does nothing, which is geth's `noopTracer`."""

    wants_steps = False  # may become false on the way
    wants_stack = True  # in steps
    wants_memory = False  # and return data, in steps
    wants_results = False  # what each step left behind
    wants_touches = False

    def on_begin(self, event: Begin) -> None: ...

    def on_enter(self, event: Enter) -> None: ...

    def on_exit(self, event: Exit) -> None: ...

    def on_log(self, event: Emitted) -> None: ...

    def on_touch(self, event: Touch) -> None: ...

    def on_step(self, event: Step) -> None: ...

    def on_stepped(self, event: Stepped) -> None: ...

    def on_end(self, state: Any) -> None: ...
