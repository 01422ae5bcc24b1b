"""Changes of the validator set by transaction: blocks, certificates of the right set, proofs."""

from pathlib import Path

import pytest

from contracts import load
from devnet.config import WEI_PER_ETHER, Config, Host
from devnet.consensus.certificate import check_certificate
from devnet.consensus.staking import SET_HASH, STAKING
from devnet.consensus.validator_set import compute_set_hash
from devnet.consensus.vote import VoteContext
from devnet.errors import BadCertificate, NoQuorum
from devnet.node import Node
from devnet.proofs import build_proof
from devnet.validators.misbehaviour import parse_behavior
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.digest import compute_keccak
from precompiles.models.samples import read_sample
from tests.conftest import Driver

STANDBY = (1, 1, 1, 1, 0)  # v4 runs and has no power


def encode_deposit(address: bytes) -> bytes:
    """Call data of `deposit(address)`."""
    return compute_keccak(b"deposit(address)")[:4] + address.rjust(32, b"\0")


def deposit(driver: Driver, name: str, units: int = 1) -> int:
    """Stake for a validator; the number of the block that has it."""
    data = encode_deposit(driver.node.cluster.find(name).address)
    raw = driver.sign(STAKING, data, value=units * WEI_PER_ETHER)
    place = driver.node.history.get_transaction(driver.node.send_raw(raw))
    assert place.receipt.succeeded
    return place.block.header.number


def list_powers(node: Node, height: int) -> list[int]:
    """Of the set of a height, in order."""
    return [member.power for member in node.cluster.get_validators(height).members]


def test_contract_runs_from_the_genesis_block() -> None:
    """Its code is the committed artifact's, its balance everybody's stake."""
    node = Node(Config(validators=3, powers=(5, 2)))
    state = node.open_state(0)
    assert state.get_code(STAKING) == load("Staking").deployed_bytecode
    assert state.get_balance(STAKING) == 8 * WEI_PER_ETHER
    assert list_powers(node, 1) == [5, 2, 1]


def test_deposit_in_a_block_signs_two_blocks_later() -> None:
    """One that had no power follows, and then signs and proposes like the others."""
    driver = Driver(validators=5, powers=STANDBY)
    number = deposit(driver, "v4")
    driver.node.mine(12)
    assert [len(list_powers(driver.node, number + k)) for k in (0, 1, 2)] == [4, 4, 5]
    assert driver.list_signers(number + 1) == ["v0", "v1", "v2", "v3"]
    assert driver.list_signers(number + 2) == ["v0", "v1", "v2", "v3", "v4"]
    newcomer = driver.node.cluster.find("v4").address
    blocks = [driver.node.history.get_block(n).header.coinbase for n in range(1, 14)]
    assert newcomer in blocks


def test_certificate_holds_under_the_set_of_its_height_alone() -> None:
    """Votes sign the hash of the set: before and after a change it is another one."""
    driver = Driver(validators=5, powers=STANDBY)
    number = deposit(driver, "v4")
    driver.node.mine(2)
    old, new = (driver.node.cluster.get_validators(number + k) for k in (1, 2))
    certificate = driver.node.get_certificate(number + 2)
    height = VoteContext(31337, number + 2, compute_set_hash(new))
    assert check_certificate(certificate, new, height) == 5
    with pytest.raises(BadCertificate):
        check_certificate(certificate, old, VoteContext(31337, number + 2, compute_set_hash(old)))


def test_bundles_carry_the_set_of_their_block() -> None:
    """Both verify offline, one of before the change, one of after it."""
    driver = Driver(validators=5, powers=STANDBY)
    model = driver.add_digits()
    before = driver.infer(model)
    deposit(driver, "v4")
    driver.node.mine(1)
    after = driver.infer(model)
    for place, size in ((before, 4), (after, 5)):
        bundle = build_proof(driver.node, place.transaction.hash)
        assert len(bundle.validators.members) == size
        assert verify_bundle(bundle, read_sample("digits_exact")).outcome is Outcome.VERIFIED


def test_a_client_follows_changes_by_storage_proofs() -> None:
    """Slot 0, proven at block h - 2, is the set hash that the votes of height h sign."""
    driver = Driver(validators=5, powers=STANDBY)
    node = driver.node
    deposit(driver, "v4")
    node.mine(4)
    world = node.cluster.world
    seen = []
    for number in range(node.head.header.number - 1):
        root = node.history.get_block(number).header.state_root
        proof = world.prove(root, STAKING, (SET_HASH,))
        set_hash = proof.words[0].word.to_bytes(32, "big")
        members = node.cluster.get_validators(number + 2)
        assert set_hash == compute_set_hash(members)
        context = VoteContext(31337, number + 2, set_hash)
        check_certificate(node.get_certificate(number + 2), members, context)
        seen.append(set_hash)
    assert len(set(seen)) == 2


def test_power_decides_and_not_the_number_of_validators() -> None:
    """With power 5 of 7 one decides alone; without it there is no block."""
    driver = Driver(validators=3, powers=(5, 1, 1))
    for name in ("v1", "v2"):
        driver.node.cluster.set_behavior(name, parse_behavior("crash"))
    driver.node.mine(1)
    assert driver.list_signers() == ["v0"]
    driver = Driver(validators=3, powers=(5, 1, 1))
    driver.node.cluster.set_behavior("v0", parse_behavior("crash"))
    with pytest.raises(NoQuorum, match="needs power 5 of 7"):
        driver.node.mine(1)


def test_change_survives_a_restart_and_a_way_back(tmp_path: Path) -> None:
    """The set is read from the state: after a restart the same, after a revert the earlier one."""
    config = Config(validators=5, powers=STANDBY)
    node = Node(config, Host(data_dir=tmp_path))
    number = deposit(Driver(node=node), "v4")
    node.mine(3)
    node.close()
    again = Node(None, Host(data_dir=tmp_path))
    try:
        again.mine(1)
        assert len(list_powers(again, again.head.header.number)) == 5
        assert len(list_powers(again, number + 1)) == 4
        again.cluster.rewind(0)
        again.mine(number + 2)
        assert len(list_powers(again, number + 2)) == 4
    finally:
        again.close()


def test_nobody_leaves_and_joins_in_one_block() -> None:
    """So a set's order follows from the one before: whoever comes back is last."""
    driver = Driver()
    own = driver.node.accounts[0].address
    join, leave = encode_deposit(own), compute_keccak(b"withdraw(uint256)")[:4]
    leave += WEI_PER_ETHER.to_bytes(32, "big")
    driver.node.send_raw(driver.sign(STAKING, join, value=WEI_PER_ETHER, gas=500_000))
    driver.node.set_automine(False)
    nonce = driver.node.get_pending_nonce(own)
    driver.node.send_raw(driver.sign(STAKING, leave, gas=500_000, nonce=nonce))
    raw = driver.sign(STAKING, join, value=WEI_PER_ETHER, gas=500_000, nonce=nonce + 1)
    driver.node.send_raw(raw)
    driver.node.mine(1)
    assert [receipt.succeeded for receipt in driver.node.head.receipts] == [True, False]
    driver.node.mine(2)
    assert own not in driver.node.cluster.get_validators(4).powers
