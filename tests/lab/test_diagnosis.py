"""With more than a third faulty forks and halts do occur, and every one is accounted for."""

import pytest

from devnet.consensus.blame.evidence import check_evidence, get_culprit
from devnet.consensus.tendermint.duplicate import DuplicateVote
from devnet.lab.diagnosis import explain_halt, find_forks
from devnet.lab.simulation import Setup, Simulation
from devnet.network.fault import Partition
from devnet.network.latency import Uniform
from devnet.validators.faults.fault import Fault, Strategy, parse_fault

FAST = Uniform(1_000, 9_000)


def test_third_that_colludes_forks_a_divided_network_and_is_named() -> None:
    """One adversary tells each side what it wants to hear: 2 of 4 with a side decide."""
    setup = Setup(rules=(Partition(((0,), (1,))), FAST), colluders=(2, 3), sides=((0,), (1,)))
    simulation = Simulation(setup, record=True)
    assert simulation.run(3, 30_000_000)
    forks = find_forks(simulation)
    assert forks
    for fork in forks:
        assert set(fork.culprits) == {simulation.addresses[2], simulation.addresses[3]}
        assert fork.is_accounted_for
        for proof in fork.evidence:
            assert check_evidence(
                proof, simulation.validators, fork.height, simulation.verifier
            ) == 1  # fmt: skip


def test_colluders_below_a_third_cannot_fork() -> None:
    """The same adversary with one of four: neither side gets a quorum, and the halt says so."""
    setup = Setup(rules=(Partition(((0, 1), (2,))), FAST), colluders=(3,), sides=((0, 1), (2,)))
    simulation = Simulation(setup, record=True)
    simulation.run(3, 20_000_000)
    assert find_forks(simulation) == ()


@pytest.mark.parametrize("seed", range(3))
def test_twins_of_a_third_fork_a_divided_network_and_are_named(seed: int) -> None:
    """Honest code on both sides with two shared keys is enough (Twins)."""
    setup = Setup(rules=(Partition(((0, 2, 3), (1, 4, 5))), FAST), twins=(2, 3), seed=seed)
    simulation = Simulation(setup, record=True)
    assert simulation.run(3, 30_000_000)
    forks = find_forks(simulation)
    assert [fork.height for fork in forks] == [1, 2, 3]
    for fork in forks:
        assert set(fork.culprits) == {simulation.addresses[2], simulation.addresses[3]}
        doubled = {get_culprit(p) for p in fork.evidence if isinstance(p, DuplicateVote)}
        assert doubled == set(fork.culprits)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(Strategy.CRASH, time_ms=10**9), "(power 2): down"),
        (Fault(Strategy.PAUSE, time_ms=10**9), "(power 2): paused"),
        (parse_fault("drop-votes"), "(power 2): said nothing at this height"),
        (parse_fault("precommit-nil"), "(power 2): precommitted nil after"),
    ],
    ids=["crash", "pause", "drop-votes", "precommit-nil"],
)
def test_more_than_a_third_silent_halts_and_the_halt_names_it(fault: Fault, words: str) -> None:
    """Two of four: no decision, one unit of power is missing, and why."""
    simulation = Simulation(Setup(faults={2: (fault,), 3: (fault,)}), record=True)
    assert not simulation.run(1, 20_000_000)
    halt = explain_halt(simulation)
    assert (halt.needed, halt.best, halt.missing) == (3, 2, 1)
    assert {group.validators for group in halt.groups} == {
        simulation.addresses[:2], simulation.addresses[2:4]
    }  # fmt: skip
    assert words in str(halt)


def test_divided_network_halts_with_everybody_present() -> None:
    """Two against two without a fault: each side misses one."""
    setup = Setup(rules=(Partition(((0, 1), (2, 3))), FAST))
    simulation = Simulation(setup, record=True)
    assert not simulation.run(1, 20_000_000)
    halt = explain_halt(simulation)
    assert halt.missing >= 1
    assert sum(group.power for group in halt.groups) == 4


def test_a_halt_counts_the_power_of_its_own_height() -> None:
    """Two validators with most of the power since height 4 are silent at it."""
    silent = parse_fault("drop-votes@height>=4"), parse_fault("drop-proposals@height>=4")
    setup = Setup(faults={2: silent, 3: silent}, updates={2: ((2, 5), (3, 5))})
    simulation = Simulation(setup, record=True)
    assert not simulation.run(5, 20_000_000)
    halt = explain_halt(simulation)
    assert (halt.height, halt.total, halt.needed, halt.best) == (4, 12, 9, 2)
