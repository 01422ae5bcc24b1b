"""Opcode gas tracer: how often each instruction ran, and what it cost in all."""

from collections.abc import Mapping
from dataclasses import dataclass

from devnet.chain.tracing.event import Step, Tracer
from devnet.chain.tracing.instruction import get_mnemonic


@dataclass(slots=True)
class OpcodeGas:
    """One instruction's share."""

    count: int = 0
    gas: int = 0  # what calls hand on included, as in each step's cost


class OpcodeGasTracer(Tracer):
    """Counts by name, in the order in which instructions first came."""

    wants_steps = True
    wants_stack = False

    def __init__(self) -> None:
        self._counts: dict[str, OpcodeGas] = {}

    def on_step(self, event: Step) -> None:
        found = self._counts.setdefault(get_mnemonic(event.code), OpcodeGas())
        found.count += 1
        found.gas += event.cost

    @property
    def counts(self) -> Mapping[str, OpcodeGas]:
        return self._counts
