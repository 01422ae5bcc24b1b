"""The contract follows a chain whose validators change, by proofs of its staking contract."""

from dataclasses import dataclass, replace

import pytest

from devnet.chain.header import Header
from devnet.config import WEI_PER_ETHER
from devnet.consensus.certificate import Certificate
from devnet.consensus.staking import SET_HASH, STAKING
from devnet.consensus.validator_set import ValidatorSet, compute_set_hash
from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle
from devnet.verification.calldata import encode_advance, encode_verify
from precompiles.digest import compute_keccak
from tests.conftest import Driver
from tests.contracts.bundles.conftest import Deployed, Refusal, deploy
from tests.contracts.bundles.notary import HEIGHT, Notary

DEPOSIT = compute_keccak(b"deposit(address)")[:4]


@dataclass(frozen=True)
class Change:
    """What `advance` is given."""

    header: Header
    certificate: Certificate
    validators: ValidatorSet
    account_proof: tuple[bytes, ...]
    storage_proof: tuple[bytes, ...]

    def encode(self) -> bytes:
        parts = self.header, self.certificate, self.validators
        return encode_advance(*parts, self.account_proof, self.storage_proof)


@dataclass(frozen=True)
class Chain:
    """Four founders; v4 joins, then v5; a bundle of each set."""

    driver: Driver
    joined: tuple[int, int]  # blocks of the two deposits
    bundles: tuple[Bundle, Bundle, Bundle]

    def prove(self, number: int) -> Change:
        """The set that signs from `number` + 2 on."""
        node = self.driver.node
        header = node.history.get_block(number).header
        proof = node.cluster.reader.world.prove(header.state_root, STAKING, (SET_HASH,))
        signed = node.get_certificate(number), node.cluster.get_validators(number)
        return Change(header, *signed, proof.nodes, proof.words[0].nodes)


@pytest.fixture(scope="module")
def chain() -> Chain:
    """With an inference under each set."""
    driver = Driver(validators=6, powers=(1, 1, 1, 1, 0, 0))
    model = driver.add_digits()
    bundles = [_infer(driver, model)]
    joined = []
    for name in ("v4", "v5"):
        address = driver.node.cluster.find(name).address
        data = DEPOSIT + address.rjust(32, b"\0")
        sent = driver.node.send_raw(driver.sign(STAKING, data, value=WEI_PER_ETHER))
        joined.append(driver.node.history.get_transaction(sent).block.header.number)
        driver.node.mine(2)
        bundles.append(_infer(driver, model))
    return Chain(driver, (joined[0], joined[1]), (bundles[0], bundles[1], bundles[2]))


def _infer(driver: Driver, model: bytes) -> Bundle:
    return build_proof(driver.node, driver.infer(model).transaction.hash)


@pytest.fixture
def follower(chain: Chain, elsewhere: Driver) -> Deployed:
    """Trusts the founders from the genesis block on."""
    return deploy(elsewhere, compute_set_hash(chain.bundles[0].validators))


def send(follower: Deployed, data: bytes) -> int:
    """A transaction to the contract; its gas."""
    receipt = follower.driver.send(follower.address, data).receipt
    assert receipt.succeeded
    return receipt.gas_used


def test_each_set_is_trusted_for_its_own_blocks(chain: Chain, follower: Deployed) -> None:
    """A bundle of the next set is refused before its change is proven; older ones still hold."""
    first, second, third = chain.bundles
    for number, following in zip(chain.joined, (second, third), strict=True):
        answer = follower.call(encode_verify(following))
        assert isinstance(answer, Refusal)
        assert answer.error == "WrongSet"
        send(follower, chain.prove(number).encode())
        assert isinstance(follower.call(encode_verify(following)), bytes)
    for bundle in (first, second, third):
        assert isinstance(follower.call(encode_verify(bundle)), bytes)
    assert follower.ask("epochs") == (3,)
    last = compute_set_hash(third.validators)
    assert follower.ask("epoch", 2) == ((last, chain.joined[1] + 2),)
    assert follower.ask("trustedSet", chain.joined[1] + 1) == (compute_set_hash(second.validators),)


def test_changes_are_proven_in_order(chain: Chain, follower: Deployed) -> None:
    """The second one is signed by a set that nobody knows yet; a known one adds nothing."""
    first, second = (chain.prove(number).encode() for number in chain.joined)
    refused = follower.call(second)
    assert isinstance(refused, Refusal)
    assert refused.error == "WrongSet"
    send(follower, first)
    found = compute_set_hash(chain.bundles[1].validators)
    assert follower.call(first) == Refusal("NothingNew", (found, chain.joined[0] + 2))
    later = chain.prove(chain.joined[0] + 2)
    assert follower.call(later.encode()) == Refusal("NothingNew", (found, chain.joined[0] + 4))


def test_changes_need_a_certificate_of_the_trusted_set(chain: Chain, follower: Deployed) -> None:
    """Too few signatures, another header, another set."""
    change = chain.prove(chain.joined[0])
    votes = change.certificate.votes
    few = replace(change, certificate=replace(change.certificate, votes=votes[:2]))
    assert follower.call(few.encode()) == Refusal("NotEnoughPower", (2, 4))
    forged = replace(change, header=replace(change.header, state_root=bytes(32)))
    answer = follower.call(forged.encode())
    assert isinstance(answer, Refusal)
    assert answer.error == "WrongHeader"
    strange = replace(change, validators=Notary().validators)
    answer = follower.call(strange.encode())
    assert isinstance(answer, Refusal)
    assert answer.error == "WrongSet"


def test_storage_proofs_are_whole_and_lead_to_the_slot(chain: Chain, follower: Deployed) -> None:
    """A node lost, doubled, changed or from another trie; a proof of another slot or account."""
    change = chain.prove(chain.joined[0])
    account, storage = change.account_proof, change.storage_proof
    assert len(account) > 1
    assert len(storage) > 1
    world = chain.driver.node.cluster.reader.world
    root = change.header.state_root
    other_slot = world.prove(root, STAKING, (SET_HASH + 1,)).words[0].nodes
    other_account = world.prove(root, chain.driver.node.accounts[0].address, ()).nodes
    bent = (*storage[:-1], storage[-1][:-1] + bytes([storage[-1][-1] ^ 1]))
    for broken in (
        replace(change, account_proof=()),
        replace(change, account_proof=account[1:]),
        replace(change, account_proof=account[:-1]),
        replace(change, account_proof=(*account, account[-1])),
        replace(change, account_proof=other_account),
        replace(change, account_proof=storage),
        replace(change, storage_proof=()),
        replace(change, storage_proof=storage[:-1]),
        replace(change, storage_proof=(*storage, storage[-1])),
        replace(change, storage_proof=bent),
        replace(change, storage_proof=other_slot),
        replace(change, storage_proof=account),
    ):
        assert follower.call(broken.encode()) == Refusal("BadStateProof", ())


def test_state_roots_of_anything_prove_nothing(elsewhere: Driver) -> None:
    """Nodes that are no nodes, under a root that everybody signed."""
    notary = Notary((1,))
    follower = deploy(elsewhere, notary.set_hash)
    for node in (
        b"",
        b"\xc0",
        b"\xc2\x20\x80",
        b"\xc2\x40\x80",
        b"\xc2\x80\x80",
        b"\xd1" + b"\x80" * 17,
    ):
        header = replace(notary.notarise().header, state_root=compute_keccak(node))
        bundle = notary.certify(replace(notary.notarise(), header=header), list(notary.keys))
        change = Change(header, bundle.certificate, notary.validators, (node,), ())
        answer = follower.call(change.encode())
        assert isinstance(answer, Refusal)
        assert answer.error in ("BadStateProof", "BadRlp")
    assert follower.ask("trustedSet", HEIGHT) == (notary.set_hash,)
