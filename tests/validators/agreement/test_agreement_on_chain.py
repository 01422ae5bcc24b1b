"""Rules that decide blocks: who differs goes on with what was decided, and all states are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.config import Config, Host
from devnet.data_directory import DataDirectory
from devnet.node import Node
from devnet.validators.misbehaviour import HONEST, parse_behavior
from devnet.validators.station import Letter, Slip
from tests.validators.agreement.conftest import FloatDriver as Driver

if TYPE_CHECKING:
    from pathlib import Path

WIDE = "tolerance(1048576)"  # a whole unit of a score: the int8 form is within it
NARROW = "tolerance(1024)"


def list_heads(driver: Driver) -> set[bytes]:
    """Hashes of the blocks that the validators agree with."""
    return {validator.hashes[-1] for validator in driver.node.cluster.validators}


def test_an_output_within_the_tolerance_is_taken_over_by_all() -> None:
    """Whoever proposes; signed by all four, with one state, and none is stuck."""
    driver = Driver(agreement=WIDE)
    model_id = driver.add_floats()
    driver.node.set_behavior("v3", parse_behavior("quantised"))
    for digit in range(4):
        driver.ask(model_id, digit)
        assert driver.list_signers() == ["v0", "v1", "v2", "v3"]
        assert list_heads(driver) == {driver.node.head.hash}
    record = driver.node.cluster.record
    assert record.disagreements == []
    by_v3 = [ruling.validator for ruling in record.rulings if ruling.text.endswith("by v3")]
    assert by_v3 == ["v0", "v1", "v2"]  # its turn came once


def test_an_output_beyond_the_tolerance_costs_its_proposer_the_round() -> None:
    """Its block gets no vote but its own; the next proposer's does, and it stays behind."""
    driver = Driver(agreement=NARROW)
    model_id = driver.add_floats()
    driver.node.set_behavior("v3", parse_behavior("quantised"))
    driver.ask(model_id)
    assert driver.list_signers() == ["v0", "v1", "v2"]
    assert "v3 refuses the output" in str(driver.node.cluster.record.rulings[-1])
    driver.ask(model_id, 1)
    assert "own execution gives another result" in driver.node.cluster.find("v3").stuck


def test_who_was_away_takes_over_what_was_decided() -> None:
    """Catching up follows the same rule as voting."""
    driver = Driver(agreement=WIDE)
    model_id = driver.add_floats()
    driver.node.set_behavior("v3", parse_behavior("quantised + crash@at heights 3-5"))
    for digit in range(6):
        driver.ask(model_id, digit)
    assert list_heads(driver) == {driver.node.head.hash}
    assert driver.node.cluster.find("v3").stuck == ""


@pytest.mark.parametrize("rule", [WIDE, "majority", "commit-reveal"])
def test_a_restart_goes_on_under_the_rule_of_the_chain(rule: str, tmp_path: Path) -> None:
    """From the disk alone; another rule is refused."""
    config = Config(agreement=rule)
    node = Node(config, Host(tmp_path), directory=DataDirectory(tmp_path))
    driver = Driver(node=node)
    model_id = driver.add_floats()
    driver.ask(model_id)
    head = node.head.hash
    node.close()
    directory = DataDirectory(tmp_path)
    assert directory.network is not None
    again = Driver(node=Node(directory.network.config, Host(tmp_path), directory=directory))
    assert again.node.head.hash == head
    again.ask(model_id, 1)
    assert again.node.cluster.agreement == rule
    again.node.close()


def test_nothing_but_the_header_tells_of_outputs_before_all_have_committed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a lazy validator could copy travels after the commitments, with the proposer's claim."""
    driver = Driver(agreement="commit-reveal")
    model_id = driver.add_digits()
    seen: list[str] = []
    for seat in driver.node.cluster._assembly.seats:
        receive, hear = seat.receive, seat.hear

        def watch(letter: Letter, station: object, receive: object = receive) -> None:
            if letter.body is not None:
                seen.append(f"proposed {len(letter.body.block.inferences)}")
            receive(letter, station)  # type: ignore[operator]

        def listen(slip: Slip, hear: object = hear) -> None:
            shown = "" if slip.body is None else f" {len(slip.body.block.inferences)}"
            seen.append(type(slip.said).__name__.lower() + shown)
            hear(slip)  # type: ignore[operator]

        monkeypatch.setattr(seat, "receive", watch)
        monkeypatch.setattr(seat, "hear", listen)
    driver.infer(model_id)
    assert seen.count("proposed 0") == 3
    assert "proposed 1" not in seen
    assert seen.count("claimed 1") == 3
    assert seen.index("claimed 1") > max(i for i, what in enumerate(seen) if what == "committed")
    assert seen.count("committed") == 12


@pytest.mark.parametrize("rule", ["majority", "commit-reveal"])
def test_who_says_nothing_has_no_claim_and_is_not_waited_for_for_ever(rule: str) -> None:
    """One of four is down: three claims are enough for both rules."""
    driver = Driver(agreement=rule)
    model_id = driver.add_digits()
    driver.node.set_behavior("v2", parse_behavior("crash"))
    for digit in range(4):
        assert driver.infer(model_id, digit).receipt.succeeded
    driver.node.set_behavior("v2", HONEST)
    driver.infer(model_id)
    assert list_heads(driver) == {driver.node.head.hash}
    assert driver.node.cluster.record.rulings == []


def test_nobody_is_punished_for_bits_that_a_rule_takes_for_right() -> None:
    """A report of a wrong result would convict whoever drifts within the tolerance."""
    driver = Driver(agreement=NARROW)
    model_id = driver.add_floats()
    driver.node.set_behavior("v3", parse_behavior("quantised@at heights 5"))
    for digit in range(6):
        driver.ask(model_id, digit)
    assert len(driver.node.cluster.evidence) == 0
    assert all(m.power == 1 for m in driver.node.cluster.get_validators(9).members)
