"""Bundles of one chain, checked by the contract on another."""

from dataclasses import replace

import pytest
from eth_abi.abi import decode

from devnet.consensus.validator_set import compute_set_hash
from devnet.errors import BadBundle
from devnet.proofs import build_proof
from devnet.verification.bundle import Bundle
from devnet.verification.calldata import encode_check, encode_verify
from tests.conftest import Driver
from tests.contracts.bundles.conftest import (
    Deployed,
    Refusal,
    assert_same_answer,
    deploy,
)
from tests.contracts.bundles.notary import CHAIN_ID, HEIGHT, Notary

VERIFIED = ["(bytes32,bytes32,uint256,uint256,bytes32)"]


@pytest.mark.parametrize("validators", [1, 4, 7, 32])
def test_bundle_of_a_running_chain_holds_on_another_one(
    deployed: Deployed, validators: int
) -> None:
    """What comes back is what was signed: set, block, power, root."""
    chain = Driver(validators=validators)
    place = chain.infer(chain.add_digits())
    bundle = build_proof(chain.node, place.transaction.hash)
    answer = deployed.check(bundle, compute_set_hash(bundle.validators))
    assert isinstance(answer, bytes), answer
    (verified,) = decode(VERIFIED, answer)
    assert verified == (
        compute_set_hash(bundle.validators),
        place.block.hash,
        len(bundle.certificate.votes),
        validators,
        place.block.header.extra_data,
    )


@pytest.mark.parametrize(
    ("count", "index"), [(1, 0), (2, 0), (2, 1), (3, 2), (5, 0), (5, 4), (7, 5), (64, 33), (99, 98)]
)
def test_paths_of_every_shape_lead_to_the_root(deployed: Deployed, count: int, index: int) -> None:
    """The tree is not balanced unless the count is a power of two."""
    assert assert_same_answer(deployed, Notary().notarise(count, index))


@pytest.mark.parametrize(
    ("powers", "holds"),
    [
        ((1, 1, 1), False),
        ((2, 1, 0), True),
        ((2, 2, 2), False),
        ((3, 2, 1), True),
        ((2**59, 2**59, 2**59), False),
        ((2**59 + 1, 2**59, 2**59 - 1), True),
    ],
)
def test_exactly_two_thirds_fail_and_a_unit_more_passes(
    deployed: Deployed, powers: tuple[int, ...], holds: bool
) -> None:
    """The first two of the set sign."""
    notary = Notary(tuple(power for power in powers if power))
    bundle = notary.certify(notary.notarise(), list(notary.keys)[:2])
    assert assert_same_answer(deployed, bundle) is holds


def test_contract_keeps_to_its_chain_and_its_set(elsewhere: Driver) -> None:
    """`verify` names what it trusts instead; heights before the first one are refused."""
    notary, stranger = Notary(), Notary((1,))
    deployed = deploy(elsewhere, notary.set_hash, HEIGHT)
    bundle = notary.notarise()
    assert isinstance(deployed.call(encode_verify(bundle)), bytes)
    other = replace(bundle, chain_id=1)
    assert deployed.call(encode_verify(other)) == Refusal("WrongChain", (1, CHAIN_ID))
    assert deployed.call(encode_verify(stranger.notarise())) == Refusal(
        "WrongSet", (stranger.set_hash, notary.set_hash)
    )
    early = replace(bundle, header=replace(bundle.header, number=HEIGHT - 1))
    assert deployed.call(encode_verify(early)) == Refusal("NotTrustedYet", (HEIGHT - 1, HEIGHT))
    assert deployed.ask("chainId") == (CHAIN_ID,)
    assert deployed.ask("trustedSet", HEIGHT + 1_000) == (notary.set_hash,)
    assert deployed.ask("epochs") == (1,)
    assert deployed.ask("epoch", 0) == ((notary.set_hash, HEIGHT),)


def test_refusals_carry_what_was_found(deployed: Deployed) -> None:
    """The arguments of each error are the values that differ."""
    notary = Notary()
    bundle = notary.notarise(3, 1)
    first, second, *_ = notary.keys
    assert _refuse(deployed, notary.certify(bundle, [first, second])) == (
        *("NotEnoughPower", 2, 4),
    )
    swapped = notary.certify(bundle, [second, first])
    assert _refuse(deployed, swapped) == ("NotInOrder", "0x" + first.hex())
    assert _refuse(deployed, replace(bundle, index=3)) == ("BadPath", 3, 3, 2)
    assert _refuse(deployed, replace(bundle, count=2**64)) == ("BadPath", 1, 2**64, 2)
    moved = replace(bundle, receipt=replace(bundle.receipt, block_number=8))
    assert _refuse(deployed, moved) == ("WrongBlock", 8, HEIGHT)


def test_power_that_no_contract_can_have_makes_no_call_data() -> None:
    """A member of the staking contract has 96 bits."""
    with pytest.raises(BadBundle, match="has power 79228162514264337593543950336, at most"):
        encode_check(Notary((2**96,)).notarise(), bytes(32))


def _refuse(deployed: Deployed, bundle: Bundle) -> tuple[object, ...]:
    answer = deployed.check(bundle, compute_set_hash(bundle.validators))
    assert isinstance(answer, Refusal)
    return answer.error, *answer.arguments
