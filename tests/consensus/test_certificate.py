"""A certificate holds if more than two thirds of the power signed exactly this block."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.consensus.certificate import Certificate, check_certificate, compute_certificate_hash
from devnet.consensus.signature import compute_address
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from devnet.consensus.vote import NIL, Vote, VoteContext, sign_vote
from devnet.errors import BadCertificate, BadSignature, ConsensusError

KEYS = [bytes([n]) * 32 for n in range(1, 6)]
BLOCK = b"\xbb" * 32
FINGERPRINT = b"\xee" * 32


def build_set(*powers: int) -> ValidatorSet:
    """The first keys with these powers."""
    return ValidatorSet(
        tuple(Member(compute_address(k), p) for k, p in zip(KEYS, powers, strict=False))
    )


EQUAL = build_set(1, 1, 1, 1)


def build_context(validators: ValidatorSet) -> VoteContext:
    """Height 7 of our chain."""
    return VoteContext(31337, 7, compute_set_hash(validators))


def build(
    validators: ValidatorSet, signers: list[int], block: bytes = BLOCK, round_: int = 1
) -> Certificate:
    """A certificate by these members."""
    context = build_context(validators)
    votes = tuple(
        sign_vote(context, Vote(round_, block, compute_address(KEYS[n]), FINGERPRINT), KEYS[n])
        for n in signers
    )
    return Certificate(7, round_, block, votes)


def check(certificate: Certificate, validators: ValidatorSet) -> int:
    """Signed power, in the right context."""
    return check_certificate(certificate, validators, build_context(validators))


@settings(max_examples=60, deadline=None)
@given(
    powers=st.lists(st.integers(1, 20), min_size=1, max_size=5),
    signers=st.sets(st.integers(0, 4)),
)
def test_certificate_holds_exactly_with_a_quorum(powers: list[int], signers: set[int]) -> None:
    """For any powers and any signers in the order of the set."""
    validators = build_set(*powers)
    present = [n for n in sorted(signers) if n < len(powers)]
    power = sum(powers[n] for n in present)
    certificate = build(validators, present)
    if 3 * power > 2 * sum(powers):
        assert check(certificate, validators) == power
    else:
        with pytest.raises(BadCertificate, match=f"signed by power {power} of {sum(powers)}"):
            check(certificate, validators)


def test_exactly_two_thirds_fail_and_one_unit_more_holds() -> None:
    """With unequal powers: 20 of 30 is not enough, 21 of 31 and 21 of 30 are."""
    with pytest.raises(BadCertificate, match="signed by power 20 of 30, needs at least 21"):
        check(build(build_set(15, 5, 10), [0, 1]), build_set(15, 5, 10))
    assert check(build(build_set(15, 6, 10), [0, 1]), build_set(15, 6, 10)) == 21
    assert check(build(build_set(16, 5, 9), [0, 1]), build_set(16, 5, 9)) == 21


GOOD = build(EQUAL, [0, 1, 2])
STRANGER = sign_vote(
    build_context(EQUAL), Vote(1, BLOCK, compute_address(KEYS[4]), FINGERPRINT), KEYS[4]
)
FORGED = replace(GOOD.votes[2], validator=compute_address(KEYS[3]))


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        (replace(GOOD, votes=()), "signed by power 0 of 4, needs at least 3"),
        (replace(GOOD, votes=GOOD.votes[:2]), "signed by power 2 of 4"),
        (replace(GOOD, votes=(*GOOD.votes[:2], GOOD.votes[1])), "signs twice"),
        (replace(GOOD, votes=(*GOOD.votes[:2], STRANGER)), "is not in the validator set"),
        (replace(GOOD, votes=(*GOOD.votes[:2], FORGED)), "the signature is not by"),
        (replace(GOOD, votes=(GOOD.votes[1], GOOD.votes[0], GOOD.votes[2])), "not in the order"),
        (replace(GOOD, votes=(*GOOD.votes, build(EQUAL, [3], NIL).votes[0])), "another block"),
        (replace(GOOD, votes=(*GOOD.votes[:2], *build(EQUAL, [2], round_=2).votes)), "or round"),
        (replace(GOOD, block_hash=b"\xcc" * 32), "another block or round"),
        (replace(GOOD, round=2), "another block or round"),
        (replace(GOOD, height=8), "certifies height 8, not 7"),
        (build(EQUAL, [0, 1, 2, 3], NIL), "certifies no block"),
    ],
)
def test_unsound_certificate_is_refused_with_the_reason(
    certificate: Certificate, words: str
) -> None:
    """Missing, repeated, foreign, forged, shuffled and mixed votes; and agreement on nothing."""
    with pytest.raises(BadCertificate, match=words):
        check(certificate, EQUAL)


def test_set_that_names_somebody_twice_certifies_nothing() -> None:
    """Its power would count twice, in the total at least."""
    members = EQUAL.members
    twice = ValidatorSet((*members, members[3]))
    with pytest.raises(BadCertificate, match="names somebody twice"):
        check(build(twice, [0, 1, 2, 3]), twice)


@pytest.mark.parametrize("field", ["fingerprint", "signature", "validator", "round", "block_hash"])
def test_changed_vote_is_refused(field: str) -> None:
    """Every field of a vote is signed or checked."""
    value = getattr(GOOD.votes[0], field)
    changed: Any = value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
    vote = replace(GOOD.votes[0], **{field: changed})
    with pytest.raises(ConsensusError):
        check(replace(GOOD, votes=(vote, *GOOD.votes[1:])), EQUAL)


def test_signature_that_is_none_is_refused() -> None:
    """Empty or cut signatures are named as such."""
    vote = replace(GOOD.votes[0], signature=b"")
    with pytest.raises(BadSignature):
        check(replace(GOOD, votes=(vote, *GOOD.votes[1:])), EQUAL)


@pytest.mark.parametrize(
    "context",
    [
        VoteContext(1, 7, compute_set_hash(EQUAL)),
        VoteContext(31337, 7, compute_set_hash(build_set(1, 1, 1))),
    ],
    ids=["another chain", "another set"],
)
def test_certificate_holds_in_its_own_context_only(context: VoteContext) -> None:
    """Signatures of another chain or another validator set prove nothing here."""
    with pytest.raises(BadCertificate, match="the signature is not by"):
        check_certificate(GOOD, EQUAL, context)


def test_certificate_hash_binds_every_field() -> None:
    """It is what the next block commits to; no certificate hashes to zero."""
    vote = GOOD.votes[0]
    others = [
        replace(GOOD, height=8),
        replace(GOOD, round=2),
        replace(GOOD, block_hash=NIL),
        replace(GOOD, votes=GOOD.votes[:2]),
        replace(GOOD, votes=GOOD.votes[::-1]),
        replace(GOOD, votes=(replace(vote, fingerprint=NIL), *GOOD.votes[1:])),
        replace(GOOD, votes=(replace(vote, signature=bytes(65)), *GOOD.votes[1:])),
        replace(GOOD, votes=(replace(vote, validator=bytes(20)), *GOOD.votes[1:])),
    ]
    assert len({compute_certificate_hash(c) for c in [GOOD, *others, None]}) == len(others) + 2
    assert compute_certificate_hash(None) == bytes(32)
