"""Evidence that waits outlives the process that has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from devnet.chain.body import extract_block
from devnet.config import Config, Host
from devnet.consensus.blame.evidence import Amnesia
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal
from devnet.node import Node
from devnet.rpc.evidence import get_evidence
from devnet.validators.accusation import Proof, WrongBlock
from devnet.validators.evidence_pool import EvidencePool
from devnet.validators.evidence_shelf import EvidenceShelf
from devnet.validators.misbehaviour import HONEST, parse_behavior

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Driver

LIAR = b"\x01" * 20
PROPOSAL = Proposal(5, 0, b"\xaa" * 32, -1, LIAR, bytes(65))
PREVOTE = Prevote(5, 1, b"\xaa" * 32, -1, LIAR, bytes(65))
PRECOMMIT = Precommit(5, 0, b"\xbb" * 32, bytes(32), LIAR, bytes(65))
PROOFS: tuple[Proof, ...] = (
    DuplicateVote(PREVOTE, replace(PREVOTE, value=bytes(32))),
    DuplicateVote(
        replace(PRECOMMIT, height=6), replace(PRECOMMIT, height=6, fingerprint=b"\xcc" * 32)
    ),
    DuplicateProposal(PROPOSAL, replace(PROPOSAL, value=b"\xdd" * 32)),
    Amnesia(PRECOMMIT, PREVOTE),
)


def open_pool(folder: Path) -> EvidencePool:
    """As a process that starts."""
    return EvidencePool(lambda height: height.to_bytes(32, "big"), EvidenceShelf(folder))


def test_all_kinds_of_proof_are_read_as_they_were_written(driver: Driver, tmp_path: Path) -> None:
    """In their order, with the calls that bring them to the contract."""
    driver.send(LIAR)
    wrong = WrongBlock(PROPOSAL, extract_block(driver.node.head))
    pool = open_pool(tmp_path)
    assert all(pool.add(proof) for proof in (*PROOFS, wrong))
    assert not pool.add(PROOFS[0])
    before = list(pool)
    pool.close()
    again = open_pool(tmp_path)
    assert list(again) == before
    assert [accusation.proof for accusation in again] == [*PROOFS, wrong]
    again.close()


def test_what_is_settled_does_not_come_back(tmp_path: Path) -> None:
    """Neither what was punished, nor what went back with the chain."""
    pool = open_pool(tmp_path)
    for proof in PROOFS:
        pool.add(proof)
    pool.rewind(5)
    pool.close()
    pool = open_pool(tmp_path)
    assert [accusation.proof for accusation in pool] == [p for p in PROOFS if p.first.height == 5]
    pool.settle(lambda slot: 0, 9)
    pool.close()
    pool = open_pool(tmp_path)
    assert len(pool) == 0
    pool.close()


def test_a_disk_that_fails_costs_only_the_memory_of_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The evidence waits on in this process, and the log says what is lost."""
    shelf = EvidenceShelf(tmp_path)
    pool = EvidencePool(lambda height: bytes(32), shelf)
    shelf._database.write("DROP TABLE accusations", ())
    assert pool.add(PROOFS[0])
    assert len(pool) == 1
    assert "outlives this process no more" in caplog.text


def test_a_node_that_starts_again_punishes_what_it_had_seen(tmp_path: Path) -> None:
    """Stopped after the block in which somebody said two things, before the next one."""
    node = Node(Config(), Host(tmp_path))
    node.set_behavior("v1", parse_behavior("equivocate-votes"))
    node.mine()
    node.set_behavior("v1", HONEST)
    assert len(node.cluster.evidence) == 1
    node.close()
    again = Node(Config(), Host(tmp_path))
    assert len(again.cluster.evidence) == 1
    again.mine()
    told: Any = get_evidence(again)
    assert [(t["name"], t["kind"], t["punishment"]["block"]) for t in told] == [
        ("v1", "DuplicateVote", 2)
    ]
    again.close()
