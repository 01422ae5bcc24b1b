"""Books of one open frame while it is watched: what it is about to do, its gas and refunds."""

from dataclasses import dataclass
from typing import Any

from devnet.chain.tracing.event import CallKind


@dataclass(slots=True)
class Instruction:
    """An instruction that has begun; its cost is known when it ends or opens a frame."""

    code: int
    pc: int
    gas: int
    stack: tuple[int, ...]
    memory: bytes
    return_data: bytes
    word: tuple[int, int] | None
    is_told: bool = False  # whether its step was reported


@dataclass(slots=True)
class Intent:
    """What a call or creation is about to do, read from the stack before it runs."""

    kind: CallKind
    target: bytes  # empty for a creation
    value: int | None
    caller: bytes
    spawned: bool = False  # whether a frame came of it


@dataclass(slots=True)
class OpenFrame:
    """A frame between its entry and its exit."""

    inherited: int  # refund counter when it began
    settled: int = 0  # refunds of frames inside it that succeeded
    pc: int = 0  # of the next instruction
    intent: Intent | None = None
    instruction: Instruction | None = None
    refused: int = 0  # gas that was asked for and not there
    returned: int = 0  # gas that was last given back

    def count_refund(self, computation: Any) -> int:
        """The transaction's refund counter as it stands in this frame."""
        own: int = computation.get_gas_meter().gas_refunded
        return self.inherited + self.settled + own
