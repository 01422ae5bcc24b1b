"""The whole grammar of faults with real blocks: one of four stops nobody, two are accounted for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from devnet.consensus.staking import STAKING, read_account
from devnet.errors import ConfigError, NoQuorum
from devnet.validators.faults.engine import BUILDERS
from devnet.validators.faults.fault import Strategy
from devnet.validators.misbehaviour import HONEST, parse_behavior

if TYPE_CHECKING:
    from tests.conftest import Driver

    Digits = tuple[Driver, bytes]

PROVABLE = (  # by two signatures, or by executing again
    *(Strategy.EQUIVOCATE_VOTES, Strategy.EQUIVOCATE_PROPOSALS, Strategy.FORGET_LOCKS),
    *(strategy for strategy in Strategy if strategy in BUILDERS),
)
FRESH = bytes.fromhex("f5" * 20)


@pytest.mark.parametrize("strategy", Strategy, ids=lambda strategy: strategy.value)
@pytest.mark.parametrize("chance", ["always", "random(0.4)"])
def test_one_faulty_of_four_stops_nobody(digits: Digits, strategy: Strategy, chance: str) -> None:
    """The others decide every block; honest again, the faulty one follows.

    It signs unless what it did is evidence: then it is in jail.
    """
    driver, model_id = digits
    driver.node.set_behavior("v1", parse_behavior(f"{strategy.value}@{chance}"))
    first = driver.node.head.header.number
    for digit in range(5):
        place = driver.infer(model_id, digit)
        assert place.receipt.succeeded
        assert len(driver.list_signers()) >= 3
    assert driver.node.head.header.number == first + 5
    driver.node.set_behavior("v1", HONEST)
    driver.node.mine(2)
    node, faulty = driver.node, driver.node.cluster.find("v1")
    assert faulty.head == node.head.header
    load = partial(node.open_state().get_storage, STAKING)
    accused = [found.place[0] for found in node.cluster.evidence]
    is_caught = read_account(load, faulty.address).is_jailed or faulty.address in accused
    assert strategy in PROVABLE or not is_caught
    signers = ["v0", "v1", "v2", "v3"]
    if node.cluster.get_validators(node.head.header.number).get_power(faulty.address) == 0:
        signers.remove("v1")
    assert driver.list_signers() == signers
    assert driver.node.cluster.record.forks == []
    assert {found.validator for found in driver.node.cluster.record.disagreements} <= {"v1"}


def test_trigger_by_round_and_height_shows_only_there(digits: Digits) -> None:
    """A proposer that drops its proposal costs the rounds it is told to."""
    driver, _ = digits
    height = driver.node.head.header.number + 2
    for name in ("v0", "v1", "v2", "v3"):
        text = f"drop-proposals@at heights {height} at rounds 0-1"
        driver.node.set_behavior(name, parse_behavior(text))
    driver.node.mine(3)
    rounds = [driver.node.get_certificate(height + k).round for k in (-1, 0, 1)]
    assert rounds == [0, 2, 0]


def test_crash_for_a_time_ends_by_itself(digits: Digits) -> None:
    """Down for three seconds of the network's time, about as many blocks, then it catches up."""
    driver, _ = digits
    height = driver.node.head.header.number + 1
    driver.node.set_behavior("v2", parse_behavior(f"crash(3000)@at heights {height}"))
    signed = []
    for _ in range(8):
        driver.send(FRESH)
        signed.append("v2" in driver.list_signers())
    assert signed[0] is False
    assert signed[-1] is True
    assert driver.node.cluster.find("v2").head == driver.node.head.header


def test_equivocation_is_recorded_with_both_signed_messages(digits: Digits) -> None:
    """Each pair once, whoever has seen it; the chain goes on without a fork."""
    driver, _ = digits
    driver.node.set_behavior("v3", parse_behavior("equivocate-votes"))
    first = driver.node.head.header.number + 1
    driver.node.mine(2)
    found = driver.node.cluster.record.duplicates
    places = [(type(d.first), d.first.height, d.first.round) for d in found]
    assert len(set(places)) == len(places) == 4
    for duplicate in found:
        assert duplicate.first.validator == driver.node.cluster.find("v3").address
        assert duplicate.first.height in (first, first + 1)
        assert duplicate.first.value != duplicate.second.value
        assert duplicate.first.signature != duplicate.second.signature
    assert driver.node.cluster.record.forks == []


def test_two_that_precommit_nil_are_named(digits: Digits) -> None:
    """All agree on the result, and still it is not decided: the message says who holds back."""
    driver, model_id = digits
    for name in ("v1", "v2"):
        driver.node.set_behavior(name, parse_behavior("precommit-nil"))
    with pytest.raises(NoQuorum) as stop:
        driver.infer(model_id)
    assert "v0, v1, v2, v3 (power 4) agree on one result" in str(stop.value)
    assert "v1, v2 (power 2) precommitted nil after" in str(stop.value)


def test_a_lock_survives_a_halt_and_a_restart_of_everybody(digits: Digits) -> None:
    """Whoever precommitted a block in a halted round decides that one when the others are back."""
    driver, _ = digits
    for name in ("v1", "v2"):
        driver.node.set_behavior(name, parse_behavior("precommit-nil"))
    with pytest.raises(NoQuorum):
        driver.send(FRESH)
    seats = driver.node.cluster._assembly.seats
    locked = {seat.participant.process.state.locked_value for seat in seats if seat.participant}
    (value,) = locked - {bytes(32)}
    driver.node.set_behavior("v1", HONEST)
    driver.node.set_behavior("v2", HONEST)
    assert driver.node.head.hash == value
    assert driver.node.cluster.record.duplicates == []


def test_lazy_majority_and_a_liar_finalise_a_wrong_result(digits: Digits) -> None:
    """Three quarters that sign unseen are enough; below two thirds the liar is outvoted."""
    driver, model_id = digits
    while driver.node.cluster.get_proposer(driver.node.head.header.number + 1) != (
        driver.node.cluster.find("v2").address
    ):
        driver.node.mine()
    before = driver.node.snapshot()
    driver.node.set_behavior("v2", parse_behavior("wrong-model"))
    driver.node.set_behavior("v0", parse_behavior("lazy"))
    place = driver.infer(model_id)
    assert driver.node.get_certificate(place.block.header.number).round == 1
    driver.node.revert(before)
    driver.node.set_behavior("v1", parse_behavior("lazy"))
    place = driver.infer(model_id)
    assert driver.node.get_certificate(place.block.header.number).round == 0
    assert driver.list_signers() == ["v0", "v1", "v2"]
    assert driver.node.cluster.find("v3").head.number == place.block.header.number - 1
    followers = [driver.node.cluster.find(name) for name in ("v0", "v1", "v2")]
    assert [v.stuck for v in followers] == ["", "", ""]  # the lazy ones copied the outputs
    assert {v.head for v in followers} == {driver.node.head.header}


def test_a_censor_keeps_one_address_out_of_its_blocks(digits: Digits) -> None:
    """It costs the rounds in which it proposes; others have the transaction in theirs."""
    driver, _ = digits
    while driver.node.cluster.get_proposer(driver.node.head.header.number + 1) != (
        driver.node.cluster.find("v1").address
    ):
        driver.node.mine()
    driver.node.set_behavior("v1", parse_behavior("censor(0x" + FRESH.hex() + ")"))
    place = driver.send(FRESH)
    assert driver.node.get_certificate(place.block.header.number).round == 1
    assert "v1" not in driver.list_signers()


def test_partition_halts_and_its_end_heals(digits: Digits) -> None:
    """Two against two wait; linked again, what waited is mined."""
    driver, _ = digits
    driver.node.split([["v0", "v1"], ["v2", "v3"]])
    with pytest.raises(NoQuorum, match=r"the network is split: v0, v1 \| v2, v3"):
        driver.send(FRESH)
    driver.node.heal()
    assert len(driver.node.pool) == 0
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_whoever_is_cut_off_falls_behind_until_it_hears_somebody(digits: Digits) -> None:
    """Three decide alone; block sync needs a link too."""
    driver, _ = digits
    before = driver.node.head.header.number
    driver.node.split([["v0", "v1", "v2"], ["v3"]])
    driver.node.mine(3)
    assert driver.node.cluster.find("v3").head.number == before
    driver.node.heal()
    driver.node.mine()
    assert driver.node.cluster.find("v3").head == driver.node.head.header
    assert "v3" in driver.list_signers()


def test_a_partition_that_makes_no_sense_is_refused(driver: Driver) -> None:
    """Nothing is cut then."""
    with pytest.raises(ConfigError, match="no validator 'v9'; there are v0 to v3"):
        driver.node.split([["v9"]])
    with pytest.raises(ConfigError, match="node 1 is in two groups"):
        driver.node.split([["v0", "v1"], ["v1"]])
    assert driver.node.cluster.partition == ()
    assert driver.send(FRESH).receipt.succeeded
