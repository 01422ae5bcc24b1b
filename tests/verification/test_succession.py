"""From the genesis set to the one that signs: complete, in order, each link by who may sign it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from bundles.paper import Chain, prove
from bundles.runs import run_exact
from bundles.sound import build_changed_chain, prove_one, replace_trusted

from devnet.consensus.set_change import Update
from devnet.consensus.staking import EPOCHS, SET_HASH, locate_first_height
from devnet.consensus.validator_set import compute_set_hash
from devnet.errors import BadProof
from devnet.verification.bundle import Bundle
from devnet.verification.succession import follow_changes
from devnet.verification.verifier import Outcome, verify_bundle

MODEL = run_exact().model


def follow(bundle: Bundle) -> tuple[bytes, ...]:
    sets = follow_changes(bundle.chain_id, bundle.changes, bundle.block)
    return tuple(found.hash for found in sets)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """Six changes before its block."""
    return build_changed_chain().build_bundle(12, 1)


def test_every_set_is_found_in_order(bundle: Bundle) -> None:
    """The genesis set first, the one that signs last."""
    hashes = follow(bundle)
    assert len(hashes) == 7
    assert hashes[0] == compute_set_hash(build_changed_chain().get_set(1))
    assert hashes[-1] == compute_set_hash(bundle.validators)
    step = verify_bundle(bundle, MODEL).steps[0]
    assert f"follows from genesis set 0x{hashes[0].hex()} through 6 changes" in step.value


def test_a_set_may_be_trusted_that_signs_what_follows_it_and_no_other(bundle: Bundle) -> None:
    """Changes of blocks 2, 3, 5, 7, 8 and 9: sets 1, 4 and 5 are replaced before they sign."""
    sets = follow(bundle)
    for trusted in (sets[i] for i in (0, 2, 3, 6)):
        assert verify_bundle(bundle, MODEL, trusted).outcome is Outcome.VERIFIED
    for trusted in (sets[1], sets[4], bytes(32)):  # set 5 has the hash of set 3
        assert verify_bundle(bundle, MODEL, trusted).outcome is Outcome.REFUTED
    assert "trusted is 0x0000" in verify_bundle(bundle, MODEL, bytes(32)).reason


def test_a_trusted_set_that_signed_nothing_vouches_for_nothing() -> None:
    """A stranger's chain may name it, and replace it before its first height."""
    forged = replace_trusted()
    trusted = follow(forged)[1]
    assert verify_bundle(forged, MODEL).outcome is Outcome.VERIFIED  # for who trusts the stranger
    verdict = verify_bundle(forged, MODEL, trusted)
    assert verdict.outcome is Outcome.REFUTED
    assert "which signs from 3 on; the change of block 2 was signed by a set" in verdict.reason


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda links: links[1:], "change 1 of 5, block 3: entry 1 of the contract"),
        (lambda links: links[:-1], "signs block 12, not"),
        (lambda links: (links[0], *links[2:]), "change 2 of 5, block 5: "),
        (lambda links: (links[1], links[0], *links[2:]), "change 1 of 6, block 3: entry 1 "),
        (lambda links: (links[0], links[0], *links[1:]), "change 2 of 7, block 2: it is not after"),
        (lambda links: links[:3] + links[4:], "change 4 of 5, block 8: "),
    ],
    ids=["first", "last", "adjacent", "swapped", "repeated", "middle"],
)
def test_changes_cannot_be_dropped_or_moved(
    bundle: Bundle, spoil: Callable[[tuple[object, ...]], tuple[object, ...]], says: str
) -> None:
    """The link that fails is named."""
    with pytest.raises(BadProof, match=says):
        follow(replace(bundle, changes=spoil(bundle.changes)))  # type: ignore[arg-type]


def test_a_change_that_is_not_in_force_yet_has_no_place() -> None:
    """Neither before its height nor as a link too many."""
    chain = Chain((1, 1, 1, 1))
    chain.add_block(changes=[Update(chain.add_key(4), 1)])
    chain.add_block(run_exact())
    bundle = chain.build_bundle(2)
    assert bundle.changes == ()
    assert len(follow(bundle)) == 1
    early = prove(chain.blocks[0], (SET_HASH, EPOCHS, locate_first_height(1)))
    with pytest.raises(BadProof, match="in force from 3 on, after block 2"):
        follow(replace(bundle, changes=(early,)))


def test_a_block_that_changed_nothing_is_no_change() -> None:
    """Its entry of the contract's list is missing or another's."""
    chain = Chain((1, 1, 1, 1))
    for _ in range(3):
        chain.add_block(run_exact())
    bundle = chain.build_bundle(3)
    idle = prove(chain.blocks[0], (SET_HASH, EPOCHS, locate_first_height(1)))
    with pytest.raises(BadProof, match="entry 1 of the contract's sets is for height 0, not 3"):
        follow(replace(bundle, changes=(idle,)))


def test_who_left_cannot_sign_for_the_set_that_came_after(bundle: Bundle) -> None:
    """The genesis set, with all its keys, signs a later block: their parts do not mix."""
    forger = Chain((3, 3, 3, 3))
    for _ in range(11):
        forger.add_block()
    forger.add_block(run_exact())
    forged = forger.build_bundle(12)
    assert verify_bundle(forged, MODEL).outcome is Outcome.VERIFIED  # another history, no changes
    for mixed in (
        replace(bundle, header=forged.header, certificate=forged.certificate),
        replace(bundle, changes=()),
        replace(forged, changes=bundle.changes),
    ):
        assert verify_bundle(mixed, MODEL).outcome is Outcome.REFUTED


@pytest.mark.parametrize("total", [3, 4, 99, 100, 2**60 - 1])
def test_exactly_two_thirds_fail_and_one_unit_more_passes(total: int) -> None:
    """With the least power that is enough, and one less: for totals that 3 divides, 2/3 exactly."""
    enough = 2 * total // 3 + 1
    for power, outcome in ((enough, Outcome.VERIFIED), (enough - 1, Outcome.REFUTED)):
        bundle = prove_one(run_exact(), (power, total - power), silent=(1,))
        verdict = verify_bundle(bundle, MODEL)
        assert verdict.outcome is outcome
        assert f"power {power} of {total}" in str(verdict.steps[2])
