"""After a revert nobody who is honest has signed a height twice, and no contract can say so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from devnet.config import Host
from devnet.consensus.blame.evidence import Amnesia, is_amnesia
from devnet.consensus.staking import STAKING, read_account
from devnet.consensus.tendermint.duplicate import DuplicateVote
from devnet.consensus.tendermint.message import Precommit, Prevote
from devnet.node import Node
from devnet.proofs import build_proof
from devnet.rpc.evidence import get_evidence
from devnet.validators.accusation import Proof, encode_accusation
from devnet.validators.misbehaviour import HONEST, parse_behavior
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.models.samples import read_sample
from tests.conftest import Driver

if TYPE_CHECKING:
    from pathlib import Path

FRESH = bytes.fromhex("f5" * 20)


def list_precommits(node: Node, height: int) -> dict[bytes, Precommit]:
    """As they were signed, by validator."""
    certificate = node.get_certificate(height)
    return {
        v.validator: Precommit(
            height, v.round, v.block_hash, v.fingerprint, v.validator, v.signature
        )
        for v in certificate.votes
    }


def accuse(driver: Driver, proof: Proof) -> bool:
    """Bring evidence as anybody may; whether the contract takes it."""
    node = driver.node
    data = encode_accusation(proof, node.cluster._turns.get_set_hash(proof.first.height))
    return driver.send(STAKING, data, gas=1_000_000).receipt.succeeded


def list_jailed(node: Node) -> list[str]:
    state = node.open_state()
    return [
        v.name
        for v in node.cluster.validators
        if read_account(lambda slot: state.get_storage(STAKING, slot), v.address).is_jailed
    ]


def redo(driver: Driver) -> tuple[int, dict[bytes, Precommit]]:
    """Decide a height, take it back, decide another block; the height, and the first precommits."""
    node = driver.node
    node.mine()
    snapshot = node.snapshot()
    height = driver.send(FRESH).block.header.number
    before = list_precommits(node, height)
    node.revert(snapshot)
    driver.send(STAKING, gas=50_000)
    assert node.head.header.number == height
    return height, before


def test_statements_of_before_a_revert_convict_nobody() -> None:
    """Neither as duplicates nor as amnesia: the height went on behind the rounds of before."""
    driver = Driver()
    node: Any = driver.node
    height, before = redo(driver)
    after = list_precommits(node, height)
    messages = node.cluster._assembly.transcript.list_messages(height)
    certificate = node.get_certificate(height)
    assert (certificate.round, certificate.shift) == (0, 1)
    shift = certificate.shift
    for validator, first in before.items():
        assert after[validator].value != first.value
        assert not accuse(driver, DuplicateVote(first, after[validator]))
        (vote,) = (m for m in messages if isinstance(m, Prevote) and m.validator == validator)
        said = replace(vote, round=vote.round + shift, pol_round=vote.pol_round + shift)
        assert not is_amnesia(first, said)
        assert not accuse(driver, Amnesia(first, said))
    assert list_jailed(node) == []


def test_an_equivocator_is_convicted_after_a_revert_as_before() -> None:
    """By statements of one life of the height."""
    driver = Driver()
    redo(driver)
    driver.node.set_behavior("v1", parse_behavior("equivocate-votes"))
    driver.node.mine(3)
    assert list_jailed(driver.node) == ["v1"]
    found: Any = get_evidence(driver.node)
    assert {entry["name"] for entry in found} == {"v1"}


@pytest.mark.parametrize("behavior", ["crash", "drop-votes", "precommit-nil"])
def test_the_same_block_is_signed_anew_if_somebody_may_say_something_else(behavior: str) -> None:
    """Only where all are honest do all say again what they said, with the same signatures."""
    driver = Driver()
    node = driver.node
    node.mine()
    snapshot = node.snapshot()
    blocks = [driver.send(FRESH).block.hash]
    blocks.append(driver.send(FRESH).block.hash)
    for name, shift in (("honest", 0), (behavior, 1), ("honest", 2)):
        node.revert(snapshot)
        snapshot = node.snapshot()
        node.set_behavior("v3", parse_behavior(name))
        first = driver.send(FRESH).block
        assert first.hash == blocks[0]
        assert node.get_certificate(first.header.number).shift == shift
        node.set_behavior("v3", HONEST)
        assert (driver.send(FRESH).block.hash == blocks[1]) is (shift == 0)


def test_a_height_that_was_not_decided_goes_on_behind_its_rounds_too() -> None:
    """What was said in vain was said."""
    driver = Driver()
    node = driver.node
    node.mine()
    snapshot = node.snapshot()
    for name in ("v2", "v3"):
        node.set_behavior(name, parse_behavior("precommit-nil"))
    raw = driver.sign(FRESH, gas=21_000)
    with pytest.raises(Exception, match="no block 2 after 4 rounds"):
        node.send_raw(raw)
    node.revert(snapshot)
    for name in ("v2", "v3"):
        node.set_behavior(name, HONEST)
    block = driver.send(FRESH, gas=21_000).block
    certificate = node.get_certificate(block.header.number)
    assert certificate.round == 0
    assert certificate.signed_round >= 4


def test_a_restart_remembers_what_was_taken_back(tmp_path: Path) -> None:
    """The file is written before anybody signs again; proofs of the new block verify."""
    driver = Driver(node=Node(None, Host(tmp_path)))
    node = driver.node
    model_id = driver.add_digits()
    snapshot = node.snapshot()
    driver.send(FRESH)
    height = node.head.header.number
    node.revert(snapshot)
    node.close()
    again = Driver(node=Node(None, Host(tmp_path)))
    place = again.infer(model_id)
    assert place.block.header.number == height
    assert again.node.get_certificate(height).signed_round == 1
    bundle = build_proof(again.node, place.transaction.hash)
    assert verify_bundle(bundle, read_sample("digits_exact")).outcome is Outcome.VERIFIED
    again.node.close()
    third = Driver(node=Node(None, Host(tmp_path)))
    assert third.infer(model_id, 1).receipt.succeeded
    third.node.close()
