"""Simulation: validators over a simulated network, without a chain, from one seed.

The honest code is the product's own (`devnet/consensus`); only time, wires and values are
simulated. One seed and setup give one trace.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from devnet.consensus.participation.host import Wire
from devnet.consensus.participation.signing import DigestSigner, DigestVerifier
from devnet.consensus.proposer import Rotation, start_rotation
from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.machine import Rules, apply
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.lab.node import Inlets, Node, Outfit
from devnet.lab.payload import TIMERS, NodeTimer, Payload, Stop
from devnet.lab.splitter import Splitter
from devnet.lab.station import Station
from devnet.lab.trace import Trace
from devnet.lab.values import Progress
from devnet.network.fabric import Fabric
from devnet.network.latency import Uniform
from devnet.network.rule import Rule
from devnet.streams import Stream, draw
from devnet.validators.faults.fault import Fault, check_faults

LAN: tuple[Rule, ...] = (Uniform(20_000, 80_000),)
FAST = Timeouts(300_000, 150_000, 150_000, commit_us=0, delta_us=100_000, retry_us=1_000_000)


@dataclass(frozen=True, slots=True)
class Setup:
    """Who takes part, over which network, with which faults."""

    powers: tuple[int, ...] = (1, 1, 1, 1)  # zero for who joins later
    rules: tuple[Rule, ...] = LAN
    faults: Mapping[int, Sequence[Fault]] = field(default_factory=dict)  # by validator
    twins: tuple[int, ...] = ()  # validators that run twice with one key
    timeouts: Timeouts = FAST
    colluders: tuple[int, ...] = ()  # validators played by one adversary
    sides: tuple[tuple[int, ...], ...] = ()  # of the network, as the adversary divides it
    updates: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    # changes of the set by deciding height: (validator, new power)
    machine: Rules = apply  # another one only where an error is planted
    quorum: int | None = None  # likewise
    seed: int = 0


class Simulation:
    """Nodes 0 to n-1 are the validators, then come the second copies of the twins."""

    def __init__(self, setup: Setup, trace: Trace | None = None, record: bool = False) -> None:
        """`record` keeps every message that was sent, for diagnosis."""
        self.setup, self.trace = setup, trace
        self.fabric: Fabric[Payload] = Fabric(setup.rules, setup.seed)
        self._sent: list[tuple[int, Wire]] = []
        self._is_recorded = record
        self.progress = Progress()
        own = tuple(draw(setup.seed, "address", i)[:20] for i in range(len(setup.powers)))
        self.addresses = (*own, *(own[i] for i in setup.twins))
        doubles = range(len(own), len(self.addresses))
        self._doubled = (*setup.twins, *doubles)  # nodes that share their key
        members = (Member(own[node], power) for node, power in enumerate(setup.powers) if power)
        self.validators = ValidatorSet(tuple(members))  # of the first height
        self.rotation: Rotation = start_rotation(self.validators)
        keys = {address: draw(setup.seed, "key", i) for i, address in enumerate(own)}
        self.verifier = DigestVerifier(keys)
        self._updates = {
            height: tuple(Update(own[node], power) for node, power in changes)
            for height, changes in setup.updates.items()
        }
        signers = {i: (own[i], DigestSigner(keys[own[i]])) for i in setup.colluders}
        self._splitter = Splitter(self.fabric, signers, setup.sides, self.rotation)
        self._counted = self._choose_counted()
        self.nodes = tuple(
            self._build_node(node, DigestSigner(keys[address]))
            for node, address in enumerate(self.addresses)
        )
        for faults in setup.faults.values():
            check_faults(faults)
        self._deliveries = self.fabric.deliver()
        self._stop = Stop()

    @property
    def correct(self) -> tuple[Node, ...]:
        """Nodes without fault or twin, and outside any collusion; if there is none, all others."""
        return tuple(node for node in self.nodes if node.values.counts)

    def list_sent(self) -> list[tuple[int, Wire]]:
        """Sender and message of all that was sent. Needs a simulation that records."""
        assert self._is_recorded, "record=True keeps what was sent"
        return self._sent + self._splitter.sent

    def run(self, heights: int, limit_us: int) -> bool:
        """Go on until all correct nodes have decided so many heights, or for a time.

        Returns: whether they have.
        """
        if not self.progress.is_started:
            self.progress.is_started = True
            for node in self.nodes:
                if node.station.node not in self.setup.colluders:
                    node.start()
            self._splitter.start()
        waiting = [n for n in self.correct if len(n.values.decided) < heights]
        self.progress.target, self.progress.waiting = heights, len(waiting)
        self._stop = Stop()
        self.fabric.schedule(0, self._stop, limit_us)
        self._loop()
        return self.progress.waiting == 0

    def _build_node(self, node: int, signer: DigestSigner) -> Node:
        setup = self.setup
        observers: list[Callable[[int, Wire], None]] = []
        if self._is_recorded:
            observers.append(self._record)
        if setup.colluders:
            observers.append(self._splitter.observe)
        check = self.verifier if node in setup.faults else None
        station = Station(self.fabric, node, self.addresses, observers, check)
        outfit = Outfit(
            self.addresses[node],
            signer,
            self.verifier,
            setup.timeouts,
            setup.machine,
            setup.quorum,
            self._updates,
        )
        stream = Stream(setup.seed, "faults", node)
        faults = tuple(setup.faults.get(node, ()))
        counts = node in self._counted
        return Node(station, outfit, self.rotation, faults, stream, self.progress, counts)

    def _choose_counted(self) -> tuple[int, ...]:
        """Whom a run waits for."""
        setup = self.setup
        honest = [n for n in range(len(self.addresses)) if n not in setup.colluders]
        single = [n for n in honest if n not in self._doubled]
        correct = [n for n in single if not setup.faults.get(n)]
        return tuple(correct or single or honest)

    def _record(self, node: int, message: Wire) -> None:
        self._sent.append((node, message))

    def _list_inlets(self) -> list[Inlets]:
        """Where each node takes messages and timers; colluders have an adversary instead."""
        colluders = self.setup.colluders
        return [
            (_ignore, _ignore) if node.station.node in colluders else node.get_inlets()
            for node in self.nodes
        ]

    def _loop(self) -> None:
        progress, stop, trace = self.progress, self._stop, self.trace
        inlets = self._list_inlets()
        receive: list[Callable[[Any], None]] = [inlet[0] for inlet in inlets]
        on_timer: list[Callable[[Any], None]] = [inlet[1] for inlet in inlets]
        for now_us, node, payload in self._deliveries if progress.waiting else ():
            if trace is not None:
                trace.add(now_us, node, payload)
            if payload.__class__ in TIMERS:
                on_timer[node](payload)
            elif payload.__class__ is Stop:
                if payload is stop:
                    return
            else:
                receive[node](payload)
            if not progress.waiting:
                return


def _ignore(event: Wire | NodeTimer) -> None:
    """Nobody is at home."""
