"""Struct logger: every instruction with the machine before it, as geth's default tracer."""

from dataclasses import dataclass

from devnet.chain.tracing.budget import STEP_BYTES, WORD_BYTES, Budget
from devnet.chain.tracing.event import Exit, Failure, Step, Tracer


@dataclass(frozen=True, slots=True)
class StructLog:
    """An instruction, and what its contract's storage looks like as far as it was seen."""

    step: Step
    storage: tuple[tuple[int, int], ...] | None  # slots and words, where the instruction has any


class StructLogger(Tracer):
    """Keeps steps; the first `limit` of them if it is not 0, and then looks at no more."""

    def __init__(
        self, wants_memory: bool = False, limit: int = 0, budget: Budget | None = None
    ) -> None:
        self.wants_steps = True
        self.wants_memory = wants_memory
        self.logs: list[StructLog] = []
        self.output = b""
        self.failure: Failure | None = None
        self._limit = limit
        self._budget = budget or Budget()
        self._storage: dict[bytes, dict[int, int]] = {}

    def on_step(self, event: Step) -> None:
        if not self.wants_steps:
            return
        storage = None
        if event.word is not None:
            seen = self._storage.setdefault(event.address, {})
            slot, value = event.word
            seen[slot] = value
            storage = tuple(seen.items())
        words = len(event.stack) + 2 * len(storage or ())
        seen_bytes = len(event.memory) + len(event.return_data)
        self._budget.spend(STEP_BYTES + WORD_BYTES * words + seen_bytes)
        self.logs.append(StructLog(event, storage))
        self.wants_steps = len(self.logs) != self._limit

    def on_exit(self, event: Exit) -> None:
        self.output, self.failure = event.output, event.failure  # the last exit is the outermost
