"""A validator on EELS goes back, restarts, catches up and loses its worker as any other does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devnet.config import Config, Host
from devnet.errors import NoQuorum
from devnet.node import Node
from devnet.validators.misbehaviour import HONEST, parse_behavior
from precompiles.digest import compute_model_id
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTER, REGISTRY
from tests.conftest import Driver

if TYPE_CHECKING:
    from tests.validators.clients.conftest import Mix

pytestmark = pytest.mark.slow
FRESH = bytes.fromhex("f5" * 20)


def test_a_revert_and_another_chain_after_it(mix: Mix) -> None:
    """Further back than the worker remembers: it is told the state again."""
    net = mix()
    model_id = net.add_digits()
    before = net.node.snapshot()
    for digit in range(12):
        net.infer(model_id, digit)
    net.node.revert(before)
    net.send(FRESH)
    net.infer(model_id)
    net.assert_agreed()


def test_a_chain_goes_on_from_its_folder(mix: Mix, tmp_path: Path) -> None:
    """The behaviour, and with it the client, is kept; v3 takes its state from its own store."""
    net = mix(tmp_path)
    model_id = net.add_digits()
    net.infer(model_id)
    head = net.node.head.hash
    net.node.close()
    node = Node(Config(), Host(data_dir=tmp_path))
    again = Driver(node=node)
    assert node.head.hash == head
    assert [s.client for s in node.cluster.standings] == ["py-evm"] * 3 + ["eels"]
    for digit in range(4):
        again.infer(model_id, digit)
    assert again.list_signers() == ["v0", "v1", "v2", "v3"]
    node.close()


def test_what_was_missed_is_executed_by_eels(mix: Mix) -> None:
    """Down for some blocks, with a client chosen meanwhile."""
    net = mix()
    model_id = net.add_digits()
    net.node.set_behavior("v3", parse_behavior("crash"))
    for digit in range(3):
        net.infer(model_id, digit)
    net.node.set_behavior("v3", parse_behavior(f"engine:eels:{net.python}"))
    net.node.mine()
    net.assert_agreed()


def test_clients_may_change_on_the_way(mix: Mix) -> None:
    """From EELS to py-evm and back, the chain is one."""
    net = mix()
    net.send(FRESH)
    net.node.set_behavior("v3", HONEST)
    assert net.node.cluster.standings[3].client == "py-evm"
    net.send(FRESH)
    net.node.set_behavior("v3", parse_behavior(f"engine:eels:{net.python}"))
    net.send(FRESH)
    net.assert_agreed()


def test_a_lost_worker_costs_one_round_and_has_a_successor(mix: Mix) -> None:
    """It is killed: v3 cannot answer for a block, and is named; then it goes on."""
    net = mix()
    net.send(FRESH)
    process, _ = net.eels.client._process._worker
    process.kill()
    process.wait()
    net.send(FRESH)
    assert net.node.head.header.number == 2
    for _ in range(4):
        net.send(FRESH)
    net.assert_agreed()


def test_a_missing_model_stops_eels_as_it_stops_others(mix: Mix) -> None:
    """v2 and v3 lack the bytes: who runs EELS says so in the same words, and goes on with them."""
    net, model = mix(), read_sample("digits_exact")
    for name in ("v0", "v1"):
        net.node.cluster.find(name).store.put(model)
    with pytest.raises(NoQuorum) as stopped:
        net.send(REGISTRY, REGISTER + compute_model_id(model), gas=2_000_000)
    for name in ("v2", "v3"):
        assert f"{name} cannot answer (HostError: ModelMissing: 0x" in str(stopped.value)
    net.node.cluster.put_model(model)
    net.send(FRESH)
    net.assert_agreed()
