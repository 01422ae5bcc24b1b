"""One way in which Anvil 1.7.1 answers otherwise than we do, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what a rule may need to know of the scenario."""

    name: str
    method: str
    params: list[Any]
    gas_limits: dict[str, int]  # by transaction hash

    @property
    def tracer(self) -> str:
        """Name of geth's tracer; "struct" for the default one, "" where none is named."""
        if not self.method.startswith("debug_trace"):
            return ""
        config = self.params[-1] if isinstance(self.params[-1], dict) else {}
        tracer: str = config.get("tracer", "struct")
        return tracer

    @property
    def has_diff(self) -> bool:
        return bool(self.params[-1].get("tracerConfig", {}).get("diffMode"))

    @property
    def gas_limit(self) -> str:
        """Of the transaction or call that is asked about."""
        if isinstance(self.params[0], dict):
            gas: str = self.params[0]["gas"]
            return gas
        return hex(self.gas_limits[self.params[0]])


@dataclass(frozen=True, slots=True)
class Difference:
    """What Anvil does and why ours is otherwise."""

    anvil: str
    cause: str
    applies: Callable[[Asked], bool]
    mend: Callable[[Any, Asked], Any]  # Anvil's answer, as it would be without the difference
    is_loss: bool = False  # whether our answer is mended too: it cannot be told from Anvil's


def each_result(answer: Any, asked: Asked) -> Iterator[Any]:
    """The results of a tracer, whether one was asked for or a block of them."""
    if asked.method == "debug_traceBlockByNumber":
        yield from (entry["result"] for entry in answer)
    else:
        yield answer


def walk_objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside, outermost first."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from walk_objects(item)
    if isinstance(value, list):
        for item in value:
            yield from walk_objects(item)
