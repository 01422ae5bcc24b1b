"""Validators go on with a chain made elsewhere: each executed it, nobody signed it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devnet.audits import build_local_chain
from devnet.chain.body import Block
from devnet.chain.chain_file import load_chain
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.seal import accept_seal
from devnet.chain.forks.system import SYSTEM_CONTRACTS
from devnet.chain.genesis_file import load_genesis, parse_genesis
from devnet.chain.origin import Origin
from devnet.config import WEI_PER_ETHER, Config
from devnet.consensus.staking import STAKING
from devnet.errors import BadBlock, ConfigError, UnknownBlock, UnknownInference
from devnet.node import Node
from devnet.proofs import build_proof
from devnet.rpc.remote_chain import RemoteChain
from devnet.verification.audit.audit import audit_blocks
from devnet.verification.audit.finding import Result
from devnet.verification.audit.workers import open_workers

if TYPE_CHECKING:
    from tests.conftest import Driver

SUITE = Path(__file__).resolve().parents[3] / "shared" / "rpc-compat"
FRESH = bytes.fromhex("f5" * 20)
CANCUN: dict[str, Any] = {
    "config": {
        "chainId": 1337,
        **dict.fromkeys(("homesteadBlock", "eip150Block", "eip155Block", "eip158Block"), 0),
        **dict.fromkeys(("byzantiumBlock", "constantinopleBlock", "petersburgBlock"), 0),
        **dict.fromkeys(("istanbulBlock", "berlinBlock", "londonBlock"), 0),
        **dict.fromkeys(("shanghaiTime", "cancunTime"), 0),
        "terminalTotalDifficulty": 0,
    },
    "difficulty": "0x20000",
    "gasLimit": "0x47e7c4",  # below what a chain of our own may have
    "timestamp": "0x1000",
    "alloc": {"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266": {"balance": "0xde0b6b3a7640000"}},
}


@pytest.fixture(scope="module")
def suite() -> Origin:
    """The chain of the execution-apis suite; without its files a failure in CI."""
    if not SUITE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SUITE} is missing: the test of imported chains needs it")
        pytest.skip(f"{SUITE} is missing: CHAINS MADE ELSEWHERE ARE NOT TESTED")
    blocks = tuple(load_chain(SUITE / "chain.rlp"))
    return Origin(load_genesis(SUITE / "genesis.json"), blocks, accept_seal)


@pytest.fixture(scope="module")
def node(suite: Origin) -> Node:
    return Node(Config(validators=2), origin=suite)


def test_every_validator_is_at_the_head_of_the_imported_chain(node: Node, suite: Origin) -> None:
    """Its own execution led there; chain id and forks are those of the genesis file."""
    asked = json.loads((SUITE / "headfcu.json").read_text())
    before = node.snapshot()
    for validator in node.cluster.validators:
        assert "0x" + validator.hashes[54].hex() == asked["params"][0]["headBlockHash"]
        assert validator.world.has_root(node.history.get_block(54).header.state_root)
        assert validator.world.schedule == suite.genesis.schedule
    assert node.cluster.validators[0].world is not node.cluster.validators[1].world
    assert node.config.chain_id == suite.genesis.chain_id
    assert node.next_rules.fork is Fork.BPO2
    node.revert(before)


def test_the_chain_goes_on_by_consensus_and_imported_blocks_have_no_certificate(
    node: Node,
) -> None:
    """Block 55 brings the precompiles; a validator that was down catches up from there."""
    from devnet.validators.misbehaviour import HONEST, parse_behavior

    before, head = node.snapshot(), node.head
    node.mine(3)
    assert node.head.header.number == 57
    assert node.get_certificate(55).block_hash == node.history.get_block(55).hash
    assert node.history.get_block(55).header.parent_beacon_block_root == bytes(32)
    assert node.history.get_block(56).header.parent_beacon_block_root != bytes(32)
    registry = sorted(node.cluster.world.table)[-1]
    assert node.open_state(54).get_code(registry) == b""
    assert node.open_state(55).get_code(registry) != b""
    assert node.open_state(54).get_code(STAKING) == b""
    assert node.open_state(55).get_balance(STAKING) == 2 * WEI_PER_ETHER
    for number, words in ((54, "block 54 was imported"), (0, "block 0 is the genesis block")):
        with pytest.raises(UnknownBlock, match=rf"{words}: it has no certificate; .* may is 55"):
            node.get_certificate(number)
    node.revert(before)
    assert node.head is head
    assert all(v.head == head.header for v in node.cluster.validators)
    node.set_behavior("v1", parse_behavior("crash"))
    node.set_behavior("v1", HONEST)
    node.mine()
    assert all(v.head == node.head.header for v in node.cluster.validators)


def test_an_imported_block_has_no_proof_and_says_why(node: Node, suite: Origin) -> None:
    """Nobody here has signed it, and what a model may have answered in it is not known."""
    number = next(n for n, block in enumerate(suite.blocks, 1) if block.transactions)
    block = node.history.get_block(number)
    with pytest.raises(UnknownInference, match=f"is in block {number}, which was imported: nobody"):
        build_proof(node, block.transactions[0].hash)


def test_an_audit_cannot_tell_about_imported_blocks(node: Node) -> None:
    """Those with transactions are one finding, read on the spot or from afar."""
    from tests.rpc.conftest import Rpc
    from tests.rpc.test_remote_chain import Asker

    for source in (build_local_chain(node), RemoteChain(Asker(Rpc(node), {}))):  # type: ignore[arg-type]
        with open_workers(1) as workers:
            (finding,) = audit_blocks(source, range(55), workers)
        assert finding.result is Result.CANNOT_TELL
        assert finding.receipt is None
        assert len(finding.blocks) > 40
        assert "it was imported" in finding.reason


def test_a_validator_that_was_down_since_the_import_catches_up(suite: Origin) -> None:
    """The first decision is block 55, also for one that missed it."""
    from devnet.validators.misbehaviour import HONEST, parse_behavior

    node = Node(Config(validators=4), origin=suite)
    node.set_behavior("v3", parse_behavior("crash"))
    node.mine(2)
    assert node.cluster.find("v3").head.number == 54
    node.set_behavior("v3", HONEST)
    node.mine()
    assert node.cluster.find("v3").hashes == node.cluster.find("v0").hashes


def test_a_genesis_alone_is_an_origin(start: type[Driver]) -> None:
    """Proof of stake from the first block on where the file says so; its gas limit holds."""
    genesis = parse_genesis(json.dumps(CANCUN))
    driver = start(origin=Origin(genesis))
    assert driver.node.head.header.difficulty == 0x20000
    place = driver.send(FRESH)
    assert place.block.header.number == 1
    assert place.block.header.difficulty == 0
    assert place.block.header.timestamp == 0x1001
    assert place.block.header.gas_limit == 0x47E7C4
    assert place.transaction.evm.chain_id == 1337
    model_id = driver.add_digits()
    assert driver.infer(model_id).receipt.succeeded
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


@pytest.mark.parametrize("first_s", [0, 0x1002])
def test_system_contracts_that_a_genesis_lacks_come_with_the_first_block(
    start: type[Driver], first_s: int
) -> None:
    """Prague from the beginning, or later: without them there would be no valid block."""
    config = {**CANCUN["config"], "pragueTime": first_s}
    driver = start(origin=Origin(parse_genesis(json.dumps({**CANCUN, "config": config}))))
    driver.node.mine(4)
    assert driver.node.next_rules.fork is Fork.PRAGUE
    for address in SYSTEM_CONTRACTS:
        assert driver.node.open_state(0).get_code(address) == b""
        assert driver.node.open_state(1).get_code(address) != b""
    assert driver.send(FRESH).receipt.succeeded


def test_origins_that_cannot_be_gone_on_with_are_refused(suite: Origin) -> None:
    """A block that breaks a rule, or a genesis that is not block 0."""
    swapped: tuple[Block, ...] = (suite.blocks[1], suite.blocks[0])
    with pytest.raises(BadBlock, match="number: parent is 0"):
        Node(Config(validators=1), origin=Origin(suite.genesis, swapped, accept_seal))
    later = parse_genesis(json.dumps({**CANCUN, "number": "0x5"}))
    with pytest.raises(ConfigError, match="number is 5; a chain here begins with block 0"):
        Origin(later)
