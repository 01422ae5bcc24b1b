"""A simulation follows from its seed: same trace, anywhere; and heights go by under each fault."""

import subprocess
import sys

import pytest

from devnet.lab.diagnosis import explain_halt, find_forks
from devnet.lab.invariants import find_violations
from devnet.lab.simulation import Setup, Simulation
from devnet.lab.trace import Trace
from devnet.network.fault import During, Loss, Partition
from devnet.network.latency import LogNormal, Uniform
from devnet.validators.faults.fault import Strategy, parse_fault

SCENARIO = """
from devnet.lab.case import run_case
from devnet.lab.trace import Trace
trace = Trace()
run_case(11, 7, 2, trace)
print(trace.digest)
"""
PINNED = "3c6be2231797588926edbdc99c43ae733cc693c02d2c2f9a652a823984cd2c39"


def run_scenario(python: str, hash_seed: str) -> str:
    """Trace hash of the scenario in a fresh interpreter."""
    done = subprocess.run(
        [python, "-W", "error", "-c", SCENARIO],
        env={"PYTHONHASHSEED": hash_seed, "PATH": ""},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("hash_seed", ["0", "1", "4711"])
def test_trace_is_the_same_in_every_process(hash_seed: str) -> None:
    """Under any hash seed, and on every Python that runs this suite, the pinned one."""
    assert run_scenario(sys.executable, hash_seed) == PINNED


@pytest.mark.parametrize("strategy", Strategy, ids=lambda strategy: strategy.value)
def test_one_faulty_of_four_stops_nobody(strategy: Strategy) -> None:
    """Whatever it does, all correct validators decide alike."""
    setup = Setup(faults={1: (parse_fault(strategy.value),)}, seed=3)
    simulation = Simulation(setup, record=True)
    assert simulation.run(15, 120_000_000)
    assert find_violations(simulation) == ()


def test_twin_of_one_of_four_stops_nobody_and_is_noticed() -> None:
    """Two copies with one key contradict each other; the others see it and go on."""
    simulation = Simulation(Setup(twins=(2,), seed=1), record=True)
    assert simulation.run(15, 60_000_000)
    assert find_violations(simulation) == ()
    assert any(node.station.duplicates for node in simulation.correct)


def test_partition_halts_and_its_end_heals() -> None:
    """Two against two decide nothing; afterwards all catch up."""
    rules = (During(Partition(((0, 1), (2, 3))), 1_000_000, 4_000_000), Uniform(5_000, 20_000))
    simulation = Simulation(Setup(rules=rules), record=True)
    simulation.run(10**6, 3_900_000)
    stood = [len(node.values.decided) for node in simulation.nodes]
    assert max(stood) - min(stood) <= 1
    assert simulation.run(max(stood) + 10, 30_000_000)
    assert find_violations(simulation) == ()


def test_lossy_network_with_long_tails_goes_on() -> None:
    """A fifth of all messages is lost, for ever; what is said again arrives some time."""
    setup = Setup(rules=(Loss(200), LogNormal(20_000, 700)), seed=5)
    simulation = Simulation(setup, record=True)
    assert simulation.run(20, 600_000_000)
    assert find_violations(simulation) == ()


def test_power_decides_who_may_fail() -> None:
    """A silent third of ten stops nothing, a silent four of ten stops all."""
    silent = (parse_fault("drop-votes"), parse_fault("drop-proposals"))
    small = Simulation(Setup((4, 3, 3), faults={2: silent}), record=True)
    assert small.run(5, 60_000_000)
    large = Simulation(Setup((4, 3, 3), faults={0: silent}), record=True)
    assert not large.run(1, 20_000_000)
    assert explain_halt(large).missing > 0


def test_every_crash_of_a_validator_happens() -> None:
    """Each at its height, for its own time."""
    texts = ("crash(100)@at heights 3 at rounds 0", "crash(200)@at heights 5 at rounds 0")
    faults = tuple(map(parse_fault, texts))
    simulation = Simulation(Setup(faults={1: faults}))
    assert simulation.run(10, 60_000_000)
    assert simulation.nodes[1].crashes == 2


def test_runs_can_be_continued() -> None:
    """In two steps as in one."""
    traces = []
    for steps in ((20,), (5, 12, 20)):
        trace = Trace()
        simulation = Simulation(Setup(seed=9), trace)
        assert all(simulation.run(step, 60_000_000) for step in steps)
        traces.append([node.values.decided[:20] for node in simulation.nodes])
    assert traces[0] == traces[1]


def test_no_fork_is_found_where_there_is_none() -> None:
    """An undisturbed run has nobody to blame."""
    simulation = Simulation(Setup(), record=True)
    assert simulation.run(5, 10_000_000)
    assert find_forks(simulation) == ()


def test_validators_join_leave_and_change_power_while_heights_go_by() -> None:
    """Two heights after the decision; certificates are by the set of their height."""
    setup = Setup(
        powers=(1, 1, 1, 1, 0),
        updates={3: ((4, 2),), 6: ((0, 0),), 9: ((1, 5), (4, 1)), 12: ((0, 1),)},
    )
    simulation = Simulation(setup, record=True)
    assert simulation.run(25, 60_000_000)
    assert find_violations(simulation) == ()
    ledger = simulation.nodes[1].ledger
    totals = [ledger.get_validators(height).total_power for height in (4, 5, 8, 11, 14)]
    assert totals == [4, 6, 5, 8, 9]
    signers = {vote.validator for vote in ledger.get_commit(20).precommits}
    assert simulation.addresses[1] in signers  # 5 of 9 cannot be left out
