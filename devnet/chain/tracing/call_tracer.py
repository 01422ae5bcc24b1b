"""Call tracer: the tree of frames of a transaction, with what went in and came out."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from devnet.chain.tracing.budget import FRAME_BYTES, Budget
from devnet.chain.tracing.event import (
    Begin,
    CallKind,
    Emitted,
    Enter,
    Exit,
    Failure,
    Reason,
    Tracer,
)


@dataclass(frozen=True, slots=True)
class FrameLog:
    """An event in a frame."""

    event: Emitted
    index: int  # among the events of the transaction; those that a failure undid count too
    position: int  # frames inside this one that were over before it


@dataclass(slots=True)
class CallFrame:
    """A frame; complete once the tracer has seen its end."""

    kind: CallKind
    depth: int
    caller: bytes
    target: bytes
    value: int | None
    data: bytes
    gas: int
    is_precompile: bool
    gas_used: int = 0
    output: bytes = b""
    failure: Failure | None = None
    calls: list["CallFrame"] = field(default_factory=list)
    logs: list[FrameLog] = field(default_factory=list)
    inference: Any = None  # `precompiles.interface.InferenceCall`

    def walk(self) -> Iterator["CallFrame"]:
        """This frame and all inside it, in order of entry."""
        pending = [self]
        while pending:
            frame = pending.pop()
            yield frame
            pending.extend(reversed(frame.calls))


class CallTracer(Tracer):
    """Builds the tree of frames."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._begin: Begin | None = None
        self._open: list[CallFrame] = []
        self._top: CallFrame | None = None
        self._logs = 0

    def on_begin(self, event: Begin) -> None:
        self._begin = event

    def on_enter(self, event: Enter) -> None:
        self._budget.spend(FRAME_BYTES + len(event.data))
        self._open.append(
            CallFrame(
                kind=event.kind,
                depth=event.depth,
                caller=event.caller,
                target=event.target,
                value=event.value,
                data=event.data,
                gas=event.gas,
                is_precompile=event.is_precompile,
            )
        )

    def on_exit(self, event: Exit) -> None:
        self._budget.spend(len(event.output))
        frame = self._open.pop()
        frame.gas_used, frame.output = event.gas_used, event.output
        frame.failure, frame.inference = event.failure, event.inference
        if self._open:
            self._open[-1].calls.append(frame)
        else:
            self._top = frame

    def on_log(self, event: Emitted) -> None:
        self._budget.spend(FRAME_BYTES + len(event.data))
        frame = self._open[-1]
        frame.logs.append(FrameLog(event, self._logs, len(frame.calls)))
        self._logs += 1

    @property
    def top(self) -> CallFrame:
        """The outermost frame; its gas is what is left when the transaction has paid for itself."""
        assert self._begin is not None, "nothing was executed"
        return self._top or _build_collision(self._begin)

    def finish(self, gas_used: int) -> CallFrame:
        """The outermost frame with the transaction's gas; events that were undone are gone."""
        assert self._begin is not None, "nothing was executed"
        top = replace(self.top, gas=self._begin.gas, gas_used=gas_used)
        pending = [(top, False)]
        while pending:
            frame, undone = pending.pop()
            undone = undone or frame.failure is not None
            if undone:
                frame.logs.clear()
            pending.extend((call, undone) for call in frame.calls)
        return top


def _build_collision(begin: Begin) -> CallFrame:
    """A creation at an address that is taken: the EVM opens no frame for it."""
    return CallFrame(
        kind=CallKind.CREATE,
        depth=0,
        caller=begin.sender,
        target=begin.created,
        value=begin.value,
        data=begin.data,
        gas=begin.gas,
        is_precompile=False,
        failure=Failure(Reason.COLLISION),
    )
