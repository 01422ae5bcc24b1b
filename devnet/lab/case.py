"""Cases: arbitrary networks and faults from one number, for properties and their replay."""

from dataclasses import dataclass

from devnet.errors import ConfigError
from devnet.lab.invariants import find_violations
from devnet.lab.simulation import Setup, Simulation
from devnet.lab.trace import Trace
from devnet.network.fault import Duplication, During, Loss, Partition, Reordering, UntilGst
from devnet.network.latency import Constant, LogNormal, Uniform
from devnet.network.rule import Rule
from devnet.streams import Stream
from devnet.validators.faults.fault import PROTOCOL, Fault, check_faults
from devnet.validators.faults.trigger import FOREVER, Trigger

HEIGHTS = 40  # that a case decides
SYNCHRONY_US = 100_000  # the bound that holds after GST
PATIENCE_US = 240_000_000  # virtual time after GST in which all must be decided


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a case ended."""

    heights: int
    violations: tuple[str, ...]
    simulation: Simulation


def build_case(seed: int, validators: int, faulty: int) -> Setup:
    """A network that may do anything until GST, and so many faulty validators."""
    stream = Stream(seed, "case", validators, faulty)
    gst = stream.draw_below(12_000_000)
    order = _shuffle(stream, validators)
    faults: dict[int, tuple[Fault, ...]] = {}
    twins: tuple[int, ...] = ()
    for node in order[:faulty]:
        if not twins and stream.is_drawn(150):
            twins = (node,)
        else:
            faults[node] = _draw_faults(stream)
    return Setup(
        powers=(1,) * validators,
        rules=(UntilGst(gst, SYNCHRONY_US, _draw_chaos(stream, validators + len(twins), gst)),
               _draw_latency(stream, SYNCHRONY_US)),
        faults=faults,
        twins=twins,
        seed=seed,
    )  # fmt: skip


def run_case(seed: int, validators: int, faulty: int, trace: Trace | None = None) -> Verdict:
    """Run a case and check all invariants, decision after GST included."""
    simulation = Simulation(build_case(seed, validators, faulty), trace, record=True)
    is_decided = simulation.run(HEIGHTS, PATIENCE_US)
    violations = find_violations(simulation)
    if not is_decided:
        heights = [len(node.values.decided) for node in simulation.nodes]
        violations += (f"liveness: decided {heights} of {HEIGHTS} heights long after GST",)
    decided = min(len(node.values.decided) for node in simulation.correct)
    return Verdict(decided, violations, simulation)


def describe_replay(seed: int, validators: int, faulty: int) -> str:
    """The command that runs a case again."""
    return f"scripts/replay {seed} --validators {validators} --faulty {faulty}"


def _draw_chaos(stream: Stream, nodes: int, gst: int) -> tuple[Rule, ...]:
    latency = _draw_latency(stream, 400_000)
    rules: list[Rule] = []
    for _ in range(stream.draw_below(4)):
        start = stream.draw_below(gst + 1)
        order = _shuffle(stream, nodes)
        cut, second = stream.draw_below(nodes + 1), stream.draw_below(nodes + 1)
        first, last = min(cut, second), max(cut, second)
        groups = (tuple(order[:first]), tuple(order[first:last]), tuple(order[last:]))
        rules.append(During(Partition(groups), start, start + stream.draw_below(4_000_000)))
    if stream.is_drawn(500):
        rules.append(Loss(stream.draw_below(350)))
    if stream.is_drawn(300):
        rules.append(Duplication(stream.draw_below(300), latency))
    if stream.is_drawn(500):
        rules.append(Reordering(stream.draw_below(300), 1_000_000))
    return (*rules, latency)


def _draw_latency(stream: Stream, most_us: int) -> Rule:
    kind = stream.draw_below(3)
    if kind == 0:
        return Constant(1 + stream.draw_below(most_us))
    if kind == 1 or most_us == SYNCHRONY_US:  # a log-normal delay has no bound
        return Uniform(1, most_us)
    return LogNormal(most_us // 4, 200 + stream.draw_below(800))


def _draw_faults(stream: Stream) -> tuple[Fault, ...]:
    strategies = PROTOCOL
    while True:
        drawn = tuple(
            Fault(
                strategies[stream.draw_below(len(strategies))],
                _draw_trigger(stream),
                50 + stream.draw_below(3_000),
                is_timed=True,
            )
            for _ in range(1 + stream.draw_below(3))
        )
        try:
            check_faults(drawn)
        except ConfigError:
            continue
        return drawn


def _draw_trigger(stream: Stream) -> Trigger:
    permille = (1000, 500, 200, 50)[stream.draw_below(4)]
    first = stream.draw_below(HEIGHTS)
    heights = ((0, FOREVER), (first, FOREVER), (first, first + 5))[stream.draw_below(3)]
    rounds = ((0, FOREVER), (0, 0), (1, FOREVER))[stream.draw_below(3)]
    return Trigger(permille, (heights,), (rounds,))


def _shuffle(stream: Stream, count: int) -> list[int]:
    order = list(range(count))
    for place in range(count - 1, 0, -1):
        other = stream.draw_below(place + 1)
        order[place], order[other] = order[other], order[place]
    return order
