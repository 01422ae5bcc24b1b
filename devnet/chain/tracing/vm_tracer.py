"""VM tracer: code and instructions of every frame, with what each pushed, wrote and left of gas.

Source: Parity's `vmTrace`.
"""

from dataclasses import dataclass, field
from typing import Any

from devnet.chain.tracing.budget import STEP_BYTES, WORD_BYTES, Budget
from devnet.chain.tracing.event import Begin, Enter, Exit, Step, Stepped, Tracer
from devnet.chain.tracing.instruction import CODES, count_left

_SSTORE = CODES["SSTORE"]
_WORD_WRITERS = {CODES["MLOAD"]: 32, CODES["MSTORE"]: 32, CODES["MSTORE8"]: 1}
_COPIERS = {  # where offset and size stand on the stack before, from the top
    **{CODES[name]: (1, 3) for name in ("CALLDATACOPY", "CODECOPY", "RETURNDATACOPY", "MCOPY")},
    CODES["EXTCODECOPY"]: (2, 4),
    **{CODES[name]: (6, 7) for name in ("CALL", "CALLCODE")},
    **{CODES[name]: (5, 6) for name in ("DELEGATECALL", "STATICCALL")},
}


@dataclass(slots=True)
class Operation:
    """One instruction; what it left is None if it failed."""

    step: Step
    after: Stepped | None = None
    inner: "VmFrame | None" = None

    @property
    def written(self) -> tuple[int, bytes] | None:
        """Offset and bytes of the memory it wrote or read."""
        if self.after is None:
            return None
        stack, code = self.step.stack, self.step.code
        if code in _WORD_WRITERS:
            offset, size = stack[-1], _WORD_WRITERS[code]
        elif code in _COPIERS:
            at, size_at = _COPIERS[code]
            offset, size = stack[-at], stack[-size_at]
        else:
            return None
        return (offset, self.after.memory[offset : offset + size]) if size else None

    @property
    def pushed(self) -> tuple[int, ...]:
        """Items it left on the stack, the top last."""
        count = count_left(self.step.code)
        return self.after.stack[-count:] if self.after is not None and count else ()

    @property
    def stored(self) -> tuple[int, int] | None:
        """Slot and word it wrote."""
        return self.step.word if self.step.code == _SSTORE else None


@dataclass(slots=True)
class VmFrame:
    """Code that ran."""

    code: bytes
    operations: list[Operation] = field(default_factory=list)


class VmTracer(Tracer):
    """Builds the tree of frames; `top` is None where no code ran."""

    wants_steps = True
    wants_memory = True
    wants_results = True

    def __init__(self, budget: Budget | None = None) -> None:
        self.top: VmFrame | None = None
        self._budget = budget or Budget()
        self._open: list[VmFrame] = []
        self._state: Any = None

    def on_begin(self, event: Begin) -> None:
        self._state = event.state

    def on_enter(self, event: Enter) -> None:
        code = event.data if event.kind.is_creation else self._state.get_code(event.target)
        frame = VmFrame(bytes(code))
        if self._open:
            operations = self._open[-1].operations
            if operations and code:
                operations[-1].inner = frame
        else:
            self.top = frame
        self._open.append(frame)

    def on_exit(self, event: Exit) -> None:
        self._open.pop()

    def on_step(self, event: Step) -> None:
        kept = 2 * (WORD_BYTES * len(event.stack) + len(event.memory))  # before and after
        self._budget.spend(2 * STEP_BYTES + kept)
        self._open[-1].operations.append(Operation(event))

    def on_stepped(self, event: Stepped) -> None:
        self._open[-1].operations[-1].after = event

    def on_end(self, state: Any) -> None:
        self._state = None
