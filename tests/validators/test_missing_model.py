"""A host without a model's bytes abstains and is named; it never guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devnet.errors import BadMessage, HostError, NoQuorum
from devnet.rpc.consensus import get_status
from devnet.validators.download import PART_BYTES
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.supply import download
from precompiles.digest import compute_model_id
from precompiles.models.limits import MAX_MODEL_BYTES
from precompiles.models.samples import read_sample
from precompiles.registry import REGISTER, REGISTRY

if TYPE_CHECKING:
    from devnet.chain.history import Place
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)


def give_and_register(driver: Driver, *names: str) -> Place:
    """Hand a model to these validators only, and register it."""
    model = read_sample("digits_exact")
    for name in names:
        driver.node.cluster.find(name).store.put(model)
    return driver.send(REGISTRY, REGISTER + compute_model_id(model), gas=2_000_000)


def test_host_without_the_model_abstains_until_a_peer_has_given_it(driver: Driver) -> None:
    """It is named, fetches the bytes by their id, executes what it missed and signs again."""
    node = driver.node
    poor, model_id = node.cluster.find("v3"), compute_model_id(read_sample("digits_exact"))
    assert give_and_register(driver, "v0", "v1", "v2").receipt.succeeded
    assert driver.list_signers() == ["v0", "v1", "v2"]
    assert list(poor.engine.missing) == [model_id]
    node.mine()
    assert (driver.list_signers(), poor.stuck) == (["v0", "v1", "v2", "v3"], "")
    assert poor.store.get(model_id) == read_sample("digits_exact")
    assert [str(delivery) for delivery in node.cluster.record.deliveries] == [
        f"v3 had no bytes of model 0x{model_id.hex()} at block 1, fetched from v0"
    ]


def test_host_that_nobody_can_give_the_model_stays_behind_and_is_named(driver: Driver) -> None:
    """Cut off from all who have the bytes; it goes on once it hears one of them."""
    node, poor = driver.node, driver.node.cluster.find("v3")
    assert give_and_register(driver, "v0", "v1", "v2").receipt.succeeded
    for name in ("v0", "v1", "v2"):
        node.set_behavior(name, parse_behavior("wrong-bytes"))
    node.mine(2)
    assert "at block 1: ModelMissing: 0x" in poor.stuck
    (delivery,) = node.cluster.record.deliveries
    assert (delivery.server, delivery.liars) == ("", ("v0", "v1", "v2"))
    assert "v0, v1, v2 served wrong bytes" in str(delivery)
    node.cluster.put_model(read_sample("digits_exact"))
    node.mine()
    assert (driver.list_signers(), poor.stuck) == (["v0", "v1", "v2", "v3"], "")


def test_validator_that_loses_a_model_abstains_fetches_it_and_votes_again(driver: Driver) -> None:
    """Past a peer that serves other bytes, which is named and asked no more."""
    model_id = driver.add_digits()
    node = driver.node
    height = node.head.header.number + 1
    node.set_behavior("v3", parse_behavior(f"missing-model@at heights {height},{height + 2}"))
    node.set_behavior("v0", parse_behavior("wrong-bytes"))
    signers = []
    for _ in range(4):
        driver.infer(model_id)
        signers.append("v3" in driver.list_signers())
    assert signers == [False, True, False, True]
    status: Any = get_status(node)
    told = status["models"]
    name = f"v3 had no bytes of model 0x{model_id.hex()} at block"
    assert told == [
        f"{name} {height}, fetched from v1; v0 served wrong bytes and is asked no more",
        f"{name} {height + 2}, fetched from v1",
    ]
    assert node.cluster.record.disagreements == []


def test_model_is_not_fetched_across_a_cut(driver: Driver) -> None:
    """Nor from whoever is down; back with the others it has it at once."""
    model_id = driver.add_digits()
    node = driver.node
    height = node.head.header.number + 1
    node.set_behavior("v3", parse_behavior(f"missing-model@at heights {height}"))
    driver.infer(model_id)
    node.split([["v3"], ["v0", "v1", "v2"]])
    node.mine()
    assert [d.server for d in node.cluster.record.deliveries] == [""]
    node.heal()
    node.cluster.find("v0").set_behavior(parse_behavior("crash"))
    node.mine()
    assert driver.list_signers() == ["v1", "v2", "v3"]
    assert [d.server for d in node.cluster.record.deliveries] == ["v1"]


def test_model_travels_in_parts_that_are_checked(driver: Driver) -> None:
    """A download of several parts; one byte more than the limit is refused at its first part."""
    giver = driver.node.cluster.validators[0]
    model = bytes(range(256)) * (PART_BYTES // 100)
    model_id = giver.store.put(model)
    assert download(giver, model_id) == model
    huge = giver.store.put(bytes(MAX_MODEL_BYTES + 1))
    with pytest.raises(BadMessage, match=f"at most {MAX_MODEL_BYTES}"):
        download(giver, huge)


def test_two_hosts_without_the_model_stop_the_chain_and_are_named(driver: Driver) -> None:
    """The message says who cannot answer and why; with the bytes the transaction is mined."""
    with pytest.raises(NoQuorum) as stop:
        give_and_register(driver, "v0", "v1")
    assert "v0, v1 (power 2) agree on one result" in str(stop.value)
    for name in ("v2", "v3"):
        assert f"{name} cannot answer (HostError: ModelMissing: 0x" in str(stop.value)
    (waiting,) = driver.node.pool.all()
    driver.node.cluster.put_model(read_sample("digits_exact"))
    driver.send(FRESH)
    assert driver.node.history.get_transaction(waiting.hash).receipt.succeeded
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_proposer_without_the_model_leaves_the_call_to_the_next(driver: Driver) -> None:
    """The transaction is in the next proposer's block, and sending it is no error."""
    place = give_and_register(driver, "v1", "v2", "v3")
    assert place.receipt.succeeded
    assert driver.node.get_certificate(place.block.header.number).round == 1
    assert driver.list_signers() == ["v1", "v2", "v3"]


def test_model_that_nobody_has_is_refused_and_forgotten(driver: Driver) -> None:
    """No host can answer: the sender is told, and the chain goes on without the transaction."""
    with pytest.raises(HostError, match="ModelMissing"):
        give_and_register(driver)
    assert len(driver.node.pool) == 0
    assert driver.send(FRESH).receipt.succeeded
