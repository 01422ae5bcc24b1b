"""One faulty validator too many: forks and halts do occur, and each is accounted for."""

import pytest

from devnet.lab.attack import Attack, run_attack

SIZES = ((4, 2), (7, 3), (10, 4))  # validators, f + 1
SEEDS = range(8)


@pytest.mark.parametrize(("validators", "faulty"), SIZES)
@pytest.mark.parametrize("attack", [Attack.COLLUSION, Attack.TWINS])
def test_more_than_a_third_forks_a_divided_network_and_is_named(
    attack: Attack, validators: int, faulty: int
) -> None:
    """Every seed forks; at least a third of the power is named, all of it faulty."""
    for seed in SEEDS:
        outcome = run_attack(attack, seed, validators, faulty)
        assert outcome.forks, seed
        for fork in outcome.forks:
            assert fork.is_accounted_for, fork
            assert set(fork.culprits) <= set(outcome.faulty), fork


@pytest.mark.parametrize(("validators", "faulty"), SIZES)
def test_more_than_a_third_silent_halts_and_is_named(validators: int, faulty: int) -> None:
    """Nothing is decided; exactly the silent are a group, and their power is what is missing."""
    for seed in SEEDS:
        outcome = run_attack(Attack.SILENCE, seed, validators, faulty)
        assert not outcome.forks
        assert outcome.halt is not None
        assert outcome.halt.missing == 1
        silent = [g for g in outcome.halt.groups if g.what == "said nothing at this height"]
        assert [group.validators for group in silent] == [outcome.faulty]


@pytest.mark.parametrize(("validators", "faulty"), SIZES)
@pytest.mark.parametrize("attack", Attack)
def test_a_third_or_less_never_forks(attack: Attack, validators: int, faulty: int) -> None:
    """The same attacks by one less: no two decisions, and silence does not even halt."""
    for seed in SEEDS:
        outcome = run_attack(attack, seed, validators, faulty - 1)
        assert outcome.forks == ()
        assert attack is not Attack.SILENCE or outcome.halt is None
