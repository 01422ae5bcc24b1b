"""Evidence against validators that misbehave: brought by itself, judged, punished, in force."""

from dataclasses import replace
from typing import Any

import pytest

from devnet.chain.body import extract_block
from devnet.config import Staking
from devnet.consensus.participation.signing import KeySigner
from devnet.consensus.staking import STAKING, Account, read_account
from devnet.consensus.tendermint.message import Proposal
from devnet.node import Node
from devnet.rpc.evidence import get_evidence
from devnet.validators.accusation import WrongBlock
from devnet.validators.founding import build_founding
from devnet.validators.misbehaviour import HONEST, parse_behavior
from devnet.validators.proposer import Ingredients
from precompiles.digest import compute_keccak
from tests.conftest import INFERENCE, Driver, encode_infer


def find_account(node: Node, name: str) -> Account:
    """What the contract knows of a validator after the head."""
    state = node.open_state()
    address = node.cluster.find(name).address
    return read_account(lambda slot: state.get_storage(STAKING, slot), address)


def list_punished(node: Node) -> list[tuple[Any, ...]]:
    """Who, what, about which height, in which block."""
    found: Any = get_evidence(node)
    entries = [(f["name"], f["kind"], f["height"], f["punishment"]) for f in found]
    return [(*place, paid and paid["block"]) for *place, paid in entries]


def propose_wrongly(driver: Driver, model: bytes, name: str) -> int:
    """Let a validator use a wrong model from its next turn on; the height of that."""
    node = driver.node
    address = node.cluster.find(name).address
    while node.cluster.get_proposer(node.head.header.number + 1) != address:
        node.mine()
    node.set_behavior(name, parse_behavior("wrong-model"))
    return driver.infer(model).block.header.number


@pytest.mark.parametrize(
    ("behavior", "what"),
    [
        ("equivocate-votes", "DuplicateVote"),
        ("equivocate-proposals", "DuplicateProposal"),
    ],
)
def test_equivocator_is_slashed_by_the_next_block_and_the_chain_progresses(
    behavior: str, what: str
) -> None:
    """Two blocks later it signs no more; nobody else pays."""
    driver = Driver()
    node = driver.node
    node.set_behavior("v1", parse_behavior(behavior))
    node.mine(12)
    name, found, height, block = list_punished(node)[0]
    assert (name, found, block) == ("v1", what, height + 1)
    account = find_account(node, "v1")
    assert account.is_jailed
    assert account.slashed > 0
    assert account.jailed_until >= block + 100
    first_without = block + 2
    address = node.cluster.find("v1").address
    assert node.cluster.get_validators(first_without - 1).get_power(address) == 1
    assert node.cluster.get_validators(first_without).get_power(address) == 0
    assert driver.list_signers(first_without) == ["v0", "v2", "v3"]
    assert node.head.header.number == 12
    assert {punished[0] for punished in list_punished(node)} == {"v1"}
    assert len(node.cluster.evidence) == 0


def test_wrong_result_is_punished_by_the_next_block() -> None:
    """Its proposer reports it, all who execute it again find it wrong, and vote for that."""
    driver = Driver()
    model = driver.add_digits()
    height = propose_wrongly(driver, model, "v2")
    assert list_punished(driver.node) == [("v2", "WrongResult", height, None)]
    assert driver.list_signers(height) == ["v0", "v1", "v3"]
    driver.node.mine()
    assert list_punished(driver.node) == [("v2", "WrongResult", height, height + 1)]
    block = driver.node.head
    reporter = block.transactions[0]
    assert (reporter.sender, reporter.evm.to) == (block.header.coinbase, STAKING)
    assert block.receipts[0].succeeded
    driver.node.mine(3)
    assert driver.list_signers() == ["v0", "v1", "v3"]
    assert [find_account(driver.node, f"v{i}").slashed > 0 for i in range(4)] == [
        False, False, True, False,
    ]  # fmt: skip


def test_punished_validator_comes_back_with_new_stake() -> None:
    """After its jail, when somebody has made up for what it lost and asks for it."""
    driver = Driver(staking=Staking(jail_blocks=1))
    node = driver.node
    propose_wrongly(driver, driver.add_digits(), "v2")
    node.set_behavior("v2", HONEST)
    node.mine(2)
    address = node.cluster.find("v2").address
    for name, wei in (("deposit(address)", 10**18), ("unjail(address)", 0)):
        data = compute_keccak(name.encode())[:4] + address.rjust(32, b"\0")
        node.send_raw(driver.sign(STAKING, data, value=wei))
        assert node.head.receipts[-1].succeeded
    node.mine(3)
    assert driver.list_signers() == ["v0", "v1", "v3", "v2"]


def accuse_falsely(driver: Driver, culprit: str) -> None:
    """Put a report into the pool about an honest block that was never decided."""
    node = driver.node
    cluster, height = node.cluster, node.head.header.number + 1
    accused = cluster.find(culprit)
    timestamp = node.timeline.compute_next(node.head.header.timestamp)
    certificate = cluster.find_certificate(height - 1)
    proposal = accused.propose(0, Ingredients(timestamp, certificate, node._select, print))
    index = int(culprit[1:])
    key = build_founding(node.config).keys[index]
    signer = KeySigner(key, node.config.chain_id, cluster._turns.get_set_hash)
    said = signer.sign(Proposal(height, 0, proposal.block.hash, -1, accused.address))
    cluster.evidence.add(WrongBlock(said, extract_block(proposal.block)))


def test_false_accusation_gets_no_votes() -> None:
    """Honest proposers do not bring it; a liar who does finds its block refused."""
    driver = Driver()
    node = driver.node
    model = driver.add_digits()
    liar = node.cluster.find("v2").address
    while node.cluster.get_proposer(node.head.header.number + 2) != liar:
        node.mine()
    node.set_automine(False)
    node.send_raw(driver.sign(INFERENCE, encode_infer(model)))
    accuse_falsely(driver, "v0")
    node.mine()
    assert [transaction.evm.to for transaction in node.head.transactions] == [INFERENCE]
    node.set_behavior("v2", parse_behavior("wrong-model"))
    node.mine()
    certificate = node.get_certificate(node.head.header.number)
    assert (certificate.round, len(node.head.transactions)) == (1, 0)
    assert node.head.header.coinbase != liar
    assert list_punished(node) == [("v0", "WrongResult", node.head.header.number - 1, None)]
    assert find_account(node, "v0").slashed == 0


def test_evidence_goes_back_with_the_chain() -> None:
    """After a revert nobody is held to what was said about blocks that are gone."""
    driver = Driver()
    node = driver.node
    snapshot = node.snapshot()
    node.set_behavior("v1", parse_behavior("equivocate-votes"))
    node.mine()
    assert len(node.cluster.evidence) == 1
    node.set_behavior("v1", HONEST)
    node.revert(snapshot)
    assert len(node.cluster.evidence) == 0
    node.mine(4)
    assert list_punished(node) == []
    assert replace(find_account(node, "v1"), stake=0) == Account(0, 0, 0, False, 0, 0)
