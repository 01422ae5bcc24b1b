"""Node: one simulated validator: its participant, its disk, and the times when it is not there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from devnet.consensus.participation.host import NextHeight, Wire
from devnet.consensus.participation.ledger import Ledger
from devnet.consensus.participation.participant import Participant
from devnet.consensus.participation.signing import Signer, Verifier
from devnet.consensus.participation.wal import MemoryWal
from devnet.consensus.proposer import Rotation
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.machine import Rules
from devnet.consensus.tendermint.message import Proposal
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.lab.payload import NodeTimer, Wake
from devnet.lab.station import Station
from devnet.lab.values import Progress, Values, get_maker, make_value
from devnet.streams import Stream
from devnet.validators.faults.conduct import Conduct
from devnet.validators.faults.disguise import Censor, Disguise, Held, twist_rules
from devnet.validators.faults.fault import Fault, Strategy

Inlets: TypeAlias = tuple[Callable[[Wire], None], Callable[[NodeTimer], None]]


@dataclass(frozen=True, slots=True)
class Outfit:
    """What a validator brings along."""

    address: bytes
    signer: Signer
    verifier: Verifier
    timeouts: Timeouts
    machine: Rules
    quorum: int | None
    updates: Mapping[int, tuple[Update, ...]]


class Node:
    """A validator in the simulation."""

    def __init__(
        self,
        station: Station,
        outfit: Outfit,
        rotation: Rotation,
        faults: tuple[Fault, ...],
        stream: Stream,
        progress: Progress,
        counts: bool,
    ) -> None:
        """`counts`: whether a run waits for this node."""
        self.address, self.faults, self.station = outfit.address, faults, station
        self.values = Values(station.node, progress, counts, outfit.updates)
        self.ledger, self.wal = Ledger(rotation), MemoryWal()
        self.crashes = 0
        self._outfit, self._stream = outfit, stream
        others = dict.fromkeys(
            address for address in station.addresses if address != outfit.address
        )
        self._disguise = Disguise(
            station, outfit.address, faults, outfit.signer, tuple(others), self._invent, stream
        )
        self._absent: list[Wire | NodeTimer] | None = None  # what waits while it is paused
        self._is_down = False
        self._is_out = False  # down for as long as a trigger holds
        self._furthest = 1  # height that it has heard of
        self._conduct = Conduct(faults, stream)
        self.participant = self._build()

    @property
    def absence(self) -> str:
        """Why it takes no part, empty if it does."""
        if self._is_down or self._is_out:
            return "down"
        return "paused" if self._absent is not None else ""

    def start(self) -> None:
        """Begin, or go on after a crash."""
        self.participant.start()

    def get_inlets(self) -> Inlets:
        """Where messages and timers go: past this object if the validator has no fault."""
        if self.faults:
            return self.receive, self.on_timer
        participant = self.participant
        return participant.receive, participant.on_timer  # type: ignore[return-value]

    def receive(self, message: Wire) -> None:
        """A message for a node that may be absent or deaf."""
        if self._is_present(message) and self._disguise.hear(message):
            self.participant.receive(message)

    def on_timer(self, timer: NodeTimer) -> None:
        """A timer for a node that may be absent."""
        if isinstance(timer, Wake):
            self._wake()
        elif self._is_present(timer):
            if isinstance(timer, Held):
                self._disguise.release(timer)
            else:
                self.participant.on_timer(timer)

    def _build(self) -> Participant:
        outfit, faults = self._outfit, self.faults
        application = Censor(self.values, faults, self._picks, self._stream)
        return Participant(
            outfit.address,
            self.ledger,
            self.wal,
            application if faults else self.values,
            self._disguise if faults else self.station,
            outfit.signer,
            outfit.verifier,
            outfit.timeouts,
            rules=twist_rules(outfit.machine, faults, self._stream),
            quorum=outfit.quorum,
        )

    def _is_present(self, event: Wire | NodeTimer) -> bool:
        if self._is_down:
            return False
        if self._absent is not None:
            self._absent.append(event)
            return False
        if self._is_kept_out(event):
            return False
        place = self.participant.height, self.participant.process.state.round
        fault = self._conduct.find_absence(*place)
        if fault is None:
            return True
        self._is_down = fault.strategy is Strategy.CRASH
        self._absent = None if self._is_down else [event]
        self.crashes += self._is_down
        self.station.schedule(Wake(), 1000 * fault.time_ms)
        return False

    def _is_kept_out(self, event: Wire | NodeTimer) -> bool:
        """Whether a crash lasts that ends with its trigger; what is heard then brings it back."""
        if not isinstance(event, Wake):
            height = event.height + isinstance(event, NextHeight)
            self._furthest = max(self._furthest, height)
        is_out = self._conduct.is_down(self._furthest)
        if is_out and not self._is_out:
            self.crashes += 1
        if self._is_out and not is_out:
            self._restart()
        self._is_out = is_out
        return is_out

    def _restart(self) -> None:
        self.participant = self._build()
        self.participant.start()

    def _wake(self) -> None:
        if self._is_down:
            self._is_down = False
            self._restart()
            return
        waiting, self._absent = self._absent or [], None
        for event in waiting:
            if isinstance(event, NodeTimer):
                self.on_timer(event)
            else:
                self.receive(event)

    def _invent(self, proposal: Proposal) -> bytes:
        return make_value(self.station.node, proposal.height, proposal.round, variant=1)

    def _picks(self, value: bytes) -> bool:
        """What a censor leaves out: values of the first validator."""
        return get_maker(value) == 0
