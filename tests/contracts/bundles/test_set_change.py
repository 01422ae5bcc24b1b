"""The contract follows a chain whose validators change, by proofs of its staking contract."""

from dataclasses import dataclass, replace

import pytest

from devnet.config import WEI_PER_ETHER
from devnet.consensus.staking import SET_HASH, STAKING
from devnet.consensus.validator_set import compute_set_hash
from devnet.errors import BadBundle
from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle
from devnet.verification.calldata import encode_advance, encode_verify
from devnet.verification.signed_block import SignedBlock, StateProof
from precompiles.digest import compute_keccak
from tests.conftest import Driver
from tests.contracts.bundles.conftest import Deployed, Refusal, deploy
from tests.contracts.bundles.notary import HEIGHT, Notary

DEPOSIT = compute_keccak(b"deposit(address)")[:4]


@dataclass(frozen=True)
class Chain:
    """Four founders; v4 joins, then v5; a bundle of each set."""

    driver: Driver
    joined: tuple[int, int]  # blocks of the two deposits
    bundles: tuple[Bundle, Bundle, Bundle]

    def prove(self, number: int) -> SignedBlock:
        """The set that signs from `number` + 2 on."""
        node = self.driver.node
        header = node.history.get_block(number).header
        proof = node.cluster.world.prove(header.state_root, STAKING, (SET_HASH,))
        signed = node.get_certificate(number), node.cluster.get_validators(number)
        return SignedBlock(header, *signed, StateProof(proof.nodes, (proof.words[0].nodes,)))


def with_proof(
    change: SignedBlock,
    account: tuple[bytes, ...] | None = None,
    storage: tuple[bytes, ...] | None = None,
) -> SignedBlock:
    """The change with other nodes."""
    given = change.proof
    nodes = given.account if account is None else account
    words = given.words if storage is None else (storage,)
    return replace(change, proof=StateProof(nodes, words))


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
        send(follower, encode_advance(chain.prove(number)))
        assert isinstance(follower.call(encode_verify(following)), bytes)
    for bundle in (first, second, third):
        assert isinstance(follower.call(encode_verify(bundle)), bytes)
    assert follower.ask("epochs") == (3,)
    last = compute_set_hash(third.validators)
    assert follower.ask("epoch", 2) == ((last, chain.joined[1] + 2),)
    assert follower.ask("trustedSet", chain.joined[1] + 1) == (compute_set_hash(second.validators),)


def test_bundle_carries_what_the_contract_has_to_be_told(chain: Chain, follower: Deployed) -> None:
    """Its changes, sent one after another, and then it holds."""
    last = chain.bundles[2]
    assert len(last.changes) == 2
    for change in last.changes:
        send(follower, encode_advance(change))
    assert isinstance(follower.call(encode_verify(last)), bytes)
    bare = replace(last.changes[0], proof=StateProof((), ()))
    with pytest.raises(BadBundle, match="proves nothing of the validator set"):
        encode_advance(bare)


def test_changes_are_proven_in_order(chain: Chain, follower: Deployed) -> None:
    """The second one is signed by a set that nobody knows yet; a known one adds nothing."""
    first, second = (encode_advance(chain.prove(number)) for number in chain.joined)
    refused = follower.call(second)
    assert isinstance(refused, Refusal)
    assert refused.error == "WrongSet"
    send(follower, first)
    found = compute_set_hash(chain.bundles[1].validators)
    assert follower.call(first) == Refusal("NothingNew", (found, chain.joined[0] + 2))
    later = chain.prove(chain.joined[0] + 2)
    assert follower.call(encode_advance(later)) == Refusal(
        "NothingNew", (found, chain.joined[0] + 4)
    )


def test_changes_need_a_certificate_of_the_trusted_set(chain: Chain, follower: Deployed) -> None:
    """Too few signatures, another header, another set."""
    change = chain.prove(chain.joined[0])
    votes = change.certificate.votes
    few = replace(change, certificate=replace(change.certificate, votes=votes[:2]))
    assert follower.call(encode_advance(few)) == Refusal("NotEnoughPower", (2, 4))
    forged = replace(change, header=replace(change.header, state_root=bytes(32)))
    answer = follower.call(encode_advance(forged))
    assert isinstance(answer, Refusal)
    assert answer.error == "WrongHeader"
    strange = replace(change, validators=Notary().validators)
    answer = follower.call(encode_advance(strange))
    assert isinstance(answer, Refusal)
    assert answer.error == "WrongSet"


def test_storage_proofs_are_whole_and_lead_to_the_slot(chain: Chain, follower: Deployed) -> None:
    """A node lost, doubled, changed or from another trie; a proof of another slot or account."""
    change = chain.prove(chain.joined[0])
    account, storage = change.proof.account, change.proof.words[0]
    assert len(account) > 1
    assert len(storage) > 1
    world = chain.driver.node.cluster.world
    root = change.header.state_root
    other_slot = world.prove(root, STAKING, (SET_HASH + 1,)).words[0].nodes
    other_account = world.prove(root, chain.driver.node.accounts[0].address, ()).nodes
    bent = (*storage[:-1], storage[-1][:-1] + bytes([storage[-1][-1] ^ 1]))
    for broken in (
        with_proof(change, account=()),
        with_proof(change, account=account[1:]),
        with_proof(change, account=account[:-1]),
        with_proof(change, account=(*account, account[-1])),
        with_proof(change, account=other_account),
        with_proof(change, account=storage),
        with_proof(change, storage=()),
        with_proof(change, storage=storage[:-1]),
        with_proof(change, storage=(*storage, storage[-1])),
        with_proof(change, storage=bent),
        with_proof(change, storage=other_slot),
        with_proof(change, storage=account),
    ):
        assert follower.call(encode_advance(broken)) == Refusal("BadStateProof", ())


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
        change = SignedBlock(
            header, bundle.certificate, notary.validators, StateProof((node,), ((),))
        )
        answer = follower.call(encode_advance(change))
        assert isinstance(answer, Refusal)
        assert answer.error in ("BadStateProof", "BadRlp")
    assert follower.ask("trustedSet", HEIGHT) == (notary.set_hash,)
