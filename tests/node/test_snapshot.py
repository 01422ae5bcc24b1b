"""Snapshots: going back restores chain, state and what waited, for every validator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.errors import NoQuorum, UnknownBlock, UnknownSnapshot
from devnet.validators.misbehaviour import HONEST, parse_behavior

if TYPE_CHECKING:
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)


def test_revert_brings_back_head_state_and_nonces(driver: Driver) -> None:
    """Blocks above are forgotten, and the same transactions give the same blocks again."""
    driver.send(FRESH)
    snapshot, head = driver.node.snapshot(), driver.node.head
    first = [driver.node.send_raw(driver.sign(FRESH, value=n)) for n in (1, 2)]
    after = driver.node.head
    driver.node.revert(snapshot)
    assert driver.node.head is head
    assert driver.node.open_state().get_balance(FRESH) == 0
    assert all(v.head == head.header for v in driver.node.cluster.validators)
    assert driver.node.history.find_transaction(first[0]) is None
    with pytest.raises(UnknownBlock):
        driver.node.get_certificate(3)
    assert [driver.node.send_raw(driver.sign(FRESH, value=n)) for n in (1, 2)] == first
    assert driver.node.head.hash == after.hash


def test_snapshot_is_used_up_with_all_later_ones(driver: Driver) -> None:
    """Going back makes what was remembered afterwards meaningless; earlier ones stay."""
    early, middle, late = (driver.node.snapshot() for _ in range(3))
    driver.node.revert(middle)
    for gone in (middle, late, 99):
        with pytest.raises(UnknownSnapshot, match=f"no snapshot {gone}"):
            driver.node.revert(gone)
    driver.node.revert(early)
    assert driver.node.snapshot() > late


def test_revert_brings_back_what_waited(driver: Driver) -> None:
    """Transactions that waited then wait again, later ones do not."""
    driver.node.set_automine(False)
    driver.node.send_raw(driver.sign(FRESH, value=1))
    snapshot, waiting = driver.node.snapshot(), driver.node.pool.all()
    driver.node.send_raw(driver.sign(FRESH, value=2))
    driver.node.mine(2)
    driver.node.revert(snapshot)
    assert driver.node.pool.all() == waiting
    assert not driver.node.automine
    driver.node.mine()
    assert driver.node.head.transactions == waiting


def test_revert_forgets_disagreements_of_blocks_that_are_gone(driver: Driver) -> None:
    """A liar that was outvoted follows again, and reports of lost blocks are lost."""
    model_id = driver.add_digits()
    snapshot = driver.node.snapshot()
    driver.node.set_behavior("v2", parse_behavior("wrong-model"))
    driver.infer(model_id)
    driver.node.mine()
    assert driver.node.cluster.record.disagreements != []
    assert driver.node.cluster.find("v2").stuck != ""
    driver.node.set_behavior("v2", HONEST)
    driver.node.revert(snapshot)
    assert driver.node.cluster.record.disagreements == []
    driver.node.mine()
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_revert_ends_a_halt(driver: Driver) -> None:
    """What stopped the chain was sent after the snapshot: it is gone, and nothing waits."""
    snapshot = driver.node.snapshot()
    for name in ("v0", "v1"):
        driver.node.set_behavior(name, parse_behavior("crash"))
    with pytest.raises(NoQuorum):
        driver.send(FRESH)
    driver.node.revert(snapshot)
    assert (driver.node.cluster.waiting, len(driver.node.pool)) == ("", 0)
    for name in ("v0", "v1"):
        driver.node.set_behavior(name, HONEST)
    assert driver.send(FRESH).receipt.succeeded


def test_revert_behind_a_validator_that_lags(driver: Driver) -> None:
    """One that crashed earlier than the snapshot catches up from where it was."""
    driver.send(FRESH)
    driver.node.set_behavior("v3", parse_behavior("crash"))
    driver.send(FRESH)
    snapshot = driver.node.snapshot()
    driver.send(FRESH)
    driver.node.revert(snapshot)
    assert driver.node.cluster.find("v3").head.number == 1
    driver.node.set_behavior("v3", HONEST)
    driver.send(FRESH)
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_states_that_only_undone_blocks_had_are_gone(driver: Driver) -> None:
    """A suite that goes back after every test keeps no more memory than one test needs."""
    driver.send(FRESH)
    kept = driver.node.head.header.state_root
    snapshot = driver.node.snapshot()
    undone = [driver.send(FRESH).block.header.state_root for _ in range(3)]
    driver.node.revert(snapshot)
    for validator in driver.node.cluster.validators:
        assert validator.world.has_root(kept)
        assert not any(validator.world.has_root(root) for root in undone)
    assert [driver.send(FRESH).block.header.state_root for _ in range(3)] == undone


def test_a_state_that_blocks_share_stays_with_those_that_are_left(start: type[Driver]) -> None:
    """Before Cancun an empty block changes nothing: undoing one takes nothing from its parent."""
    driver = start(hardfork="shanghai")
    driver.send(FRESH)
    driver.node.mine()
    snapshot = driver.node.snapshot()
    driver.node.mine(2)
    assert len({driver.node.history.get_block(n).header.state_root for n in (1, 2, 4)}) == 1
    driver.node.revert(snapshot)
    assert driver.node.open_state(1).get_nonce(driver.node.accounts[0].address) == 1
    driver.node.mine()
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]
