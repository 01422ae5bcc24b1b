"""What agents remember: as long as it is true, after a restart and where the chain went back."""

from pathlib import Path

import pytest

from devnet.config import Config, Host, Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import Status, Verdict, encode_call
from tests.conftest import Driver
from tests.validators.optimistic.test_agents import ask, begin, settle


def test_a_committee_is_not_forgotten_over_long_disputes_and_a_restart(tmp_path: Path) -> None:
    """The contract sees hashes of 256 blocks; an accomplice holds the liar's up for longer."""
    terms = Optimistic(window_blocks=4, move_blocks=128, committee=1)
    config = Config(validators=2, rule="optimistic", optimistic=terms)
    node = Node(config, Host(data_dir=tmp_path))
    driver = Driver(node=node)
    model = driver.add_digits()
    node.set_behavior("v1", parse_behavior("wrong-model"))
    node.set_automine(False)
    ask(driver, model)
    node.mine(2)
    node.set_behavior("v0", parse_behavior("lazy"))  # so that the accomplice is always first
    for root in (b"\1", b"\2"):
        data = encode_call("challenge", 1, root * 32)
        node.send_raw(driver.sign(OPTIMISTIC, data, terms.bond_wei, gas=300_000))
        node.mine()
        while node.docket.matters[1].status is Status.DISPUTED:
            node.mine()
    node.set_behavior("v0", parse_behavior("honest"))
    node.close()
    again = Node(None, Host(data_dir=tmp_path))
    conflicts = settle(again).conflicts
    again.close()
    verdicts = [conflict.verdict for conflict in conflicts[:3]]
    assert verdicts == [Verdict.EXECUTOR, Verdict.EXECUTOR, Verdict.CHALLENGER]


def test_a_revert_takes_disputes_back(start: type[Driver]) -> None:
    """The docket is that of the chain; the same happens again from there."""
    driver = begin(start, 2)
    node, model = driver.node, driver.add_digits()
    node.set_behavior("v1", parse_behavior("wrong-model"))
    ask(driver, model)
    before, docket = node.snapshot(), node.docket
    first = settle(node)
    node.revert(before)
    assert node.docket == docket
    assert settle(node).conflicts[0].operator == first.conflicts[0].operator
    assert first.conflicts[0].rounds == 4


@pytest.mark.parametrize("blocks", [0, 1, 3])
def test_a_number_that_comes_again_stands_for_another_request(
    start: type[Driver], blocks: int
) -> None:
    """Undone while it was open, posted or about to be settled; nothing of it is left."""
    driver = begin(start, 3)
    node, model = driver.node, driver.add_digits()
    wanted = driver.infer(model, 5).inferences[0].call.outputs
    before = node.snapshot()
    ask(driver, model, 0)
    node.mine(blocks)
    node.revert(before)
    ask(driver, model, 5)
    matter = settle(node)
    assert (matter.number, matter.outputs, matter.conflicts) == (1, wanted, ())
