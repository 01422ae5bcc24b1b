"""A node that was stopped goes on where it was: chain, pool, settings, models, validators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.config import Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.errors import UnknownSnapshot
from devnet.proofs import build_proof
from devnet.validators.misbehaviour import HONEST, parse_behavior
from devnet.validators.optimistic.contract import Status, encode_call, list_tensors
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, Tensor

if TYPE_CHECKING:
    from tests.conftest import Driver
    from tests.node.conftest import Open

FRESH = bytes.fromhex("f5" * 20)


def test_chain_receipts_and_history_are_those_of_before(reopen: Open) -> None:
    """Blocks with all that execution yielded, found by number, hash and transaction; old states."""
    driver = reopen(validators=3, seed=7)
    model_id = driver.add_digits()
    places = [driver.infer(model_id, digit) for digit in range(3)]
    for value in range(5):
        driver.node.send_raw(driver.sign(FRESH, value=value))
    before = [driver.node.history.get_block(n) for n in range(driver.node.head.header.number + 1)]
    certificates = [driver.node.get_certificate(n) for n in range(1, len(before))]
    balances = [driver.node.open_state(n).get_balance(FRESH) for n in range(len(before))]

    node = reopen().node
    assert [node.history.get_block(n) for n in range(len(before))] == before
    assert [node.get_certificate(n) for n in range(1, len(before))] == certificates
    assert [node.open_state(n).get_balance(FRESH) for n in range(len(before))] == balances
    assert node.config == driver.node.config
    for place in places:
        again = node.history.get_transaction(place.transaction.hash)
        assert (again.receipt, again.inferences) == (place.receipt, place.inferences)
    for validator in node.cluster.validators:
        assert validator.head == node.head.header
        assert validator.hashes == [block.hash for block in before]


def test_models_stay_callable_and_old_inferences_provable(reopen: Open) -> None:
    """Bytes in every validator's folder, manifests in the state, tensors beside the receipts."""
    driver = reopen()
    model_id = driver.add_digits()
    old = driver.infer(model_id)
    driver = reopen()
    new = driver.infer(model_id)
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]
    assert new.receipt.gas_used == old.receipt.gas_used
    for place in (old, new):
        bundle = build_proof(driver.node, place.transaction.hash)
        assert verify_bundle(bundle, read_sample("digits_exact")).outcome is Outcome.VERIFIED


def test_what_waits_and_what_was_set_is_kept(reopen: Open) -> None:
    """Pool in order of arrival, mining, time and behaviours; snapshots are of the process."""
    driver = reopen()
    driver.send(FRESH)
    snapshot = driver.node.snapshot()
    driver.node.set_automine(False)
    driver.node.increase_time(100)
    driver.node.set_behavior("v2", parse_behavior("crash@height>=4"))
    for account in (3, 1, 2):
        driver.node.send_raw(driver.sign(FRESH, value=account, account=account))
    node = driver.node
    again = reopen().node
    assert again.pool.all() == node.pool.all()
    assert (again.automine, again.timeline) == (node.automine, node.timeline)
    assert str(again.cluster.find("v2").behavior) == "crash@height>=4"
    with pytest.raises(UnknownSnapshot):
        again.revert(snapshot)
    again.mine()
    assert [transaction.sender for transaction in again.head.transactions] == [
        again.accounts[account].address for account in (3, 1, 2)
    ]
    node = reopen().node
    assert node.head == again.head
    assert node.pool.all() == ()
    node.set_interval(2.5)
    assert reopen().node.interval_s == 2.5


def test_a_restarted_chain_is_the_one_that_never_stopped(reopen: Open, start: type[Driver]) -> None:
    """The same steps give the same hashes, however often the process was another."""

    def step(driver: Driver, number: int) -> None:
        driver.node.send_raw(driver.sign(FRESH, value=number, account=number % 3))
        driver.node.increase_time(number)
        if number % 4 == 0:
            driver.node.mine(2)

    through, driver = start(), reopen()
    for number in range(12):
        step(through, number)
        step(driver, number)
        driver = reopen()
    assert driver.node.head == through.node.head


def test_reverting_works_on_disk_too(reopen: Open) -> None:
    """Blocks above are gone after a restart, and other ones may take their place."""
    driver = reopen()
    driver.send(FRESH)
    head, snapshot = driver.node.head, driver.node.snapshot()
    gone = [driver.node.send_raw(driver.sign(FRESH, value=value)) for value in (1, 2)]
    driver.node.revert(snapshot)
    assert driver.node.head == head
    driver = reopen()
    assert driver.node.head == head
    assert driver.node.history.find_transaction(gone[0]) is None
    assert driver.node.open_state().get_balance(FRESH) == 0
    assert driver.node.send_raw(driver.sign(FRESH, value=1)) == gone[0]
    assert reopen().node.history.get_transaction(gone[0]).block.header.number == 2


def test_a_frozen_node_reads_on_while_blocks_are_reverted(reopen: Open) -> None:
    """Its blocks and states stay readable, although the chain goes another way."""
    driver = reopen()
    snapshot = driver.node.snapshot()
    sent = driver.send(FRESH, gas=21_000).transaction.hash
    frozen = driver.node.freeze()
    driver.node.revert(snapshot)
    driver.node.mine(3)
    assert frozen.head.header.number == 1
    assert frozen.history.get_transaction(sent).block == frozen.head
    assert frozen.get_certificate(1).block_hash == frozen.head.hash
    assert frozen.open_state(1).get_nonce(driver.node.accounts[0].address) == 1


def test_a_validator_that_is_behind_stays_so_until_it_agrees(reopen: Open) -> None:
    """One was down, another found other results: neither comes back by a restart alone."""
    driver = reopen()
    model_id = driver.add_digits()
    driver.node.set_behavior("v3", parse_behavior("wrong-model"))
    before = driver.node.head.header.number
    driver.infer(model_id)
    driver.infer(model_id)
    driver = reopen()
    assert driver.node.cluster.find("v3").head.number == before
    assert "own execution gives another result" in driver.node.cluster.find("v3").stuck
    driver.node.set_behavior("v3", HONEST)
    driver.infer(model_id)
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_a_dispute_goes_on_after_a_restart(reopen: Open) -> None:
    """The docket is read from the chain again; what is final in the end has a bundle."""
    driver = reopen(validators=2, rule="optimistic", optimistic=Optimistic(window_blocks=4))
    model_id = driver.add_digits()
    driver.node.set_behavior("v1", parse_behavior("wrong-model"))
    pixels = Tensor(DType.UINT8, (1, 64), read_digits()[0][0].tobytes())
    driver.send(OPTIMISTIC, encode_call("request", model_id, list_tensors([pixels]), 0))
    driver.node.mine(5)
    docket = driver.node.docket
    assert docket.matters[1].conflicts[0].verdict is None
    node = reopen().node
    assert node.docket == docket
    while node.docket.matters[1].status is not Status.FINAL:
        node.mine()
    assert node.docket.matters[1].conflicts[0].operator == 7
    bundle = build_proof(node, node.head.inferences[0].receipt.transaction_hash)
    assert verify_bundle(bundle, read_sample("digits_exact")).outcome is Outcome.VERIFIED
    assert bundle.receipt.mode == 3
