"""Bundles of chains that take more than equal bits: whoever checks says what they accept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from devnet.cli.main import main
from devnet.consensus.agreement import parse_agreement
from devnet.devnet import Devnet
from devnet.proofs import build_proof
from devnet.validators.misbehaviour import parse_behavior
from devnet.verification.bundle import Bundle, dump_bundle
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.models.samples import read_sample
from tests.validators.agreement.conftest import FloatDriver

if TYPE_CHECKING:
    from pathlib import Path

MODEL = read_sample("digits_float")


@pytest.fixture(scope="module")
def taken() -> Bundle:
    """Of an output that the int8 form of the model gave, taken over by three who run the model."""
    driver = FloatDriver(agreement="tolerance(1048576)")
    model_id = driver.add_floats()
    node = driver.node
    address = node.cluster.find("v3").address
    while node.cluster.get_proposer(node.head.header.number + 1) != address:
        node.mine()
    node.set_behavior("v3", parse_behavior("quantised"))
    return build_proof(node, driver.ask(model_id).transaction.hash)


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        (None, Outcome.REFUTED),
        ("exact", Outcome.REFUTED),
        ("tolerance(1024)", Outcome.REFUTED),
        ("tolerance(1048576)", Outcome.VERIFIED),
        ("majority", Outcome.REFUTED),  # nobody can be asked
    ],
)
def test_a_bundle_holds_by_the_rule_that_is_accepted(
    taken: Bundle, rule: str | None, outcome: Outcome
) -> None:
    """Nothing but the last step depends on it."""
    agreement = None if rule is None else parse_agreement(rule)
    verdict = verify_bundle(taken, MODEL, agreement=agreement)
    assert verdict.outcome is outcome
    assert all(step.mark.name == "HOLDS" for step in verdict.steps[:-1])


def test_the_command_line_takes_a_rule(taken: Bundle, tmp_path: Path) -> None:
    """Exit 0 within the tolerance, 1 without, 2 for no rule at all."""
    (tmp_path / "bundle.json").write_text(json.dumps(dump_bundle(taken)))
    codes = []
    for options in ([], ["--agreement", "tolerance(1048576)"], ["--agreement", "tolerance"]):
        result = CliRunner().invoke(main, ["verify", str(tmp_path / "bundle.json"), *options])
        codes.append(result.exit_code)
    assert codes == [1, 0, 2]


def test_a_chain_checks_its_bundles_by_its_own_rule() -> None:
    """From Python nothing has to be said."""
    with Devnet(agreement="tolerance(1048576)") as net:
        driver = FloatDriver(node=net.node)
        model_id = driver.add_floats()
        net.set_behavior("v3", "quantised")
        hashes = [driver.ask(model_id, digit).transaction.hash for digit in range(4)]
        verdicts = [net.bundle(sent).verify() for sent in hashes]
    assert {verdict.outcome for verdict in verdicts} == {Outcome.VERIFIED}
    assert any("taken by" in verdict.steps[-1].value for verdict in verdicts)
