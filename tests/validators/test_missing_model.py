"""A host without a model's bytes abstains and is named; it never guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.errors import HostError, NoQuorum
from precompiles.digest import compute_model_id
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


def test_host_without_the_model_abstains_until_it_has_it(driver: Driver) -> None:
    """Given the bytes, it executes what it missed and signs again."""
    poor = driver.node.cluster.find("v3")
    assert give_and_register(driver, "v0", "v1", "v2").receipt.succeeded
    assert driver.list_signers() == ["v0", "v1", "v2"]
    driver.node.mine()
    assert "at block 1: ModelMissing: 0x" in poor.stuck
    model_id = driver.node.cluster.put_model(read_sample("digits_exact"))
    driver.infer(model_id)
    assert (driver.list_signers(), poor.stuck) == (["v0", "v1", "v2", "v3"], "")


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
