"""A scenario without models: the protocol alone, over a simulated network in virtual time."""

from dataclasses import replace

from devnet.consensus.blame.evidence import get_culprit
from devnet.consensus.blame.fork import find_evidence
from devnet.consensus.blame.naming import use_names
from devnet.consensus.tendermint.timeout import Timeouts
from devnet.consensus.threshold import is_quorum
from devnet.errors import ConfigError
from devnet.lab.diagnosis import explain_halt, find_forks, list_messages
from devnet.lab.scenario.links import build_links
from devnet.lab.scenario.result import Result
from devnet.lab.scenario.scenario import Outcome, Scenario
from devnet.lab.simulation import FAST, Setup, Simulation
from devnet.lab.trace import Trace
from devnet.lab.values import get_maker
from devnet.validators.faults.fault import INFERENCE
from devnet.validators.misbehaviour import HONEST

_MS = 1_000  # microseconds


def run_protocol(scenario: Scenario, trace: Trace) -> Result:
    """Run it.

    Raises: ConfigError for faults that only inferences show.
    """
    simulation = Simulation(build_setup(scenario), trace, record=True)
    is_decided = simulation.run(scenario.heights, scenario.limit_s * 1_000 * _MS)
    names = dict(zip(simulation.addresses, scenario.names, strict=False))
    forks = find_forks(simulation)
    heights = min(len(node.values.decided) for node in simulation.correct)
    report = [f"{heights} of {scenario.heights} heights in {simulation.fabric.now_us / 1e6:.2f} s"]
    report += [str(fork) for fork in forks]
    outcome = Outcome.FORK if forks else Outcome.DECIDED if is_decided else Outcome.HALT
    if not is_decided:
        report.append(str(explain_halt(simulation)))
    culprits = {name: None for fork in forks for name in fork.culprits}
    for height in range(1, heights + 2):
        proofs = find_evidence(list_messages(simulation, height))
        culprits |= {get_culprit(proof): None for proof in proofs}
    named = tuple(sorted(names[culprit] for culprit in culprits))
    report += [f"evidence names {', '.join(named)}"] if named else []
    report = [use_names(line, names) for line in report]
    decided = [value for node in simulation.correct for value in node.values.decided]
    makers = dict.fromkeys(simulation.addresses[get_maker(value)] for value in decided)
    proposers = tuple(sorted(names[maker] for maker in makers))
    return Result(outcome, heights, (), named, proposers, tuple(report), trace.digest)


def build_setup(scenario: Scenario) -> Setup:
    """The simulation that a scenario describes. Raises: ConfigError."""
    for index, behavior in scenario.behaviors.items():
        if behavior.engine != HONEST.engine:
            raise ConfigError(
                f"v{index}: 'engine:{behavior.engine}' shows in blocks only; add a [[model]]"
            )
        for fault in behavior.faults:
            if fault.strategy in INFERENCE:
                raise ConfigError(
                    f"v{index}: '{fault.strategy.value}' shows in inferences only; add a [[model]]"
                )
    return Setup(
        powers=scenario.powers,
        rules=build_links(scenario.network, _add_doubles(scenario), twins=scenario.twins),
        faults={index: behavior.faults for index, behavior in scenario.behaviors.items()},
        twins=scenario.twins,
        timeouts=_choose_timeouts(scenario),
        colluders=scenario.colluders,
        sides=scenario.sides,
        seed=scenario.seed,
    )


def _choose_timeouts(scenario: Scenario) -> Timeouts:
    """A pause after each height where nothing else takes time: that moment would never end."""
    network, total = scenario.network, sum(scenario.powers)
    least_ms = min(map(min, network.region_ms), default=network.latency_ms[0])
    if network.log_normal is not None:
        least_ms = network.log_normal[0]
    is_alone = any(is_quorum(power, total) for power in scenario.powers)
    return FAST if least_ms and not is_alone else replace(FAST, commit_us=_MS)


def _add_doubles(scenario: Scenario) -> tuple[tuple[int, ...], ...]:
    """The second copy of a twin is on the next side of a partition."""
    if not scenario.network.partition:
        return ()
    sides = [list(side) for side in scenario.network.partition]
    for position, twin in enumerate(scenario.twins):
        home = next((n for n, side in enumerate(sides) if twin in side), 0)
        sides[(home + 1) % len(sides)].append(len(scenario.powers) + position)
    return tuple(tuple(side) for side in sides)
