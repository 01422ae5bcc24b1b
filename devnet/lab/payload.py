"""What a simulated network carries: wires, timers, and marks of the simulation itself."""

from dataclasses import dataclass
from typing import TypeAlias

from devnet.consensus.participation.host import NextHeight, Retry, Wire
from devnet.consensus.tendermint.event import TimedOut
from devnet.validators.faults.disguise import Held


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """The time of a run is over."""


@dataclass(frozen=True, slots=True)
class Wake:
    """A node that was down or paused goes on."""


TIMERS: frozenset[type] = frozenset((TimedOut, NextHeight, Retry, Held, Wake))
NodeTimer: TypeAlias = TimedOut | NextHeight | Retry | Held | Wake
Payload: TypeAlias = Wire | NodeTimer | Stop
