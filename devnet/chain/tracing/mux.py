"""Mux tracer: hands everything to several tracers at once."""

from collections.abc import Sequence
from typing import Any

from devnet.chain.tracing.event import (
    Begin,
    Emitted,
    Enter,
    Exit,
    Step,
    Stepped,
    Touch,
    Tracer,
)


class MuxTracer(Tracer):
    """Sees what any of its tracers wants to see."""

    def __init__(self, tracers: Sequence[Tracer]) -> None:
        self._tracers = tuple(tracers)
        self.wants_steps = any(tracer.wants_steps for tracer in tracers)
        self.wants_stack = any(tracer.wants_stack for tracer in tracers)
        self.wants_results = any(tracer.wants_results for tracer in tracers)
        self.wants_memory = any(tracer.wants_memory for tracer in tracers)
        self.wants_touches = any(tracer.wants_touches for tracer in tracers)

    def on_begin(self, event: Begin) -> None:
        for tracer in self._tracers:
            tracer.on_begin(event)

    def on_enter(self, event: Enter) -> None:
        for tracer in self._tracers:
            tracer.on_enter(event)

    def on_exit(self, event: Exit) -> None:
        for tracer in self._tracers:
            tracer.on_exit(event)

    def on_log(self, event: Emitted) -> None:
        for tracer in self._tracers:
            tracer.on_log(event)

    def on_touch(self, event: Touch) -> None:
        for tracer in self._tracers:
            tracer.on_touch(event)

    def on_step(self, event: Step) -> None:
        for tracer in self._tracers:
            tracer.on_step(event)

    def on_stepped(self, event: Stepped) -> None:
        for tracer in self._tracers:
            tracer.on_stepped(event)

    def on_end(self, state: Any) -> None:
        for tracer in self._tracers:
            tracer.on_end(state)
