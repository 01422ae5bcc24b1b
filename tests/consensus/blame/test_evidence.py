"""Evidence convicts by two signatures what no correct validator signs, and nobody else."""

import pytest
from msgspec.structs import replace

from devnet.consensus.blame.evidence import (
    MAX_AGE,
    Amnesia,
    Evidence,
    WrongResult,
    check_evidence,
)
from devnet.consensus.participation.signing import KeySigner, KeyVerifier
from devnet.consensus.signature import compute_address
from devnet.consensus.tendermint.duplicate import DuplicateProposal, DuplicateVote
from devnet.consensus.tendermint.message import (
    NO_ROUND,
    Ballot,
    Message,
    Precommit,
    Prevote,
    Proposal,
)
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from devnet.consensus.vote import NIL
from devnet.errors import BadEvidence

A, B = b"\xaa" * 32, b"\xbb" * 32
KEYS = [bytes([n]) * 32 for n in (1, 2)]
WHO, OTHER = map(compute_address, KEYS)
VALIDATORS = ValidatorSet((Member(WHO, 3), Member(OTHER, 1)))
SET_HASH = compute_set_hash(VALIDATORS)
SIGNERS = [KeySigner(key, 31337, lambda _: SET_HASH) for key in KEYS]
VERIFIER = KeyVerifier(31337, lambda _: SET_HASH)


def sign_as(message: Message, key: int = 0) -> Message:
    """Signed by one of the two."""
    return SIGNERS[key].sign(message)


def proposal(value: bytes, round_: int = 4, pol: int = NO_ROUND) -> Proposal:
    """A signed proposal of height 9."""
    signed = sign_as(Proposal(9, round_, value, pol, WHO))
    assert isinstance(signed, Proposal)
    return signed


def prevote(value: bytes, round_: int = 4, pol: int = NO_ROUND) -> Prevote:
    """A signed prevote of height 9."""
    signed = sign_as(Prevote(9, round_, value, pol, WHO))
    assert isinstance(signed, Prevote)
    return signed


def precommit(value: bytes, round_: int = 4, height: int = 9) -> Precommit:
    """A signed precommit."""
    signed = sign_as(Precommit(height, round_, value, NIL, WHO))
    assert isinstance(signed, Precommit)
    return signed


def judge(value: bytes, payload: bytes) -> bool:
    """A judge that refutes A whatever is shown to it."""
    return value == A


PROOFS: dict[str, Evidence] = {
    "two prevotes": DuplicateVote(prevote(A), prevote(B)),
    "a prevote for a value and for nil": DuplicateVote(prevote(A), prevote(NIL)),
    "two justifications": DuplicateVote(prevote(A, pol=1), prevote(A, pol=2)),
    "two precommits": DuplicateVote(precommit(A), precommit(B)),
    "two proposals": DuplicateProposal(proposal(A), proposal(B)),
    "two polka rounds": DuplicateProposal(proposal(A, pol=1), proposal(A, pol=2)),
    "a new value against the lock": Amnesia(precommit(A, 2), prevote(B, 4)),
    "an older polka against the lock": Amnesia(precommit(A, 2), prevote(B, 4, pol=1)),
    "a wrong result": WrongResult(precommit(A), b"trace"),
}


@pytest.mark.parametrize("evidence", PROOFS.values(), ids=PROOFS)
def test_proof_convicts_with_the_power_of_the_culprit(evidence: Evidence) -> None:
    """Of the set of the evidence's height."""
    assert check_evidence(evidence, VALIDATORS, 20, VERIFIER, judge) == 3


def unsigned(vote: Ballot) -> Ballot:
    """The vote with somebody else's signature."""
    return replace(vote, signature=prevote(A, 99).signature)


EXCUSES: dict[str, tuple[Evidence, str]] = {
    "same statement": (DuplicateVote(prevote(A), prevote(A)), "say the same"),
    "two rounds": (DuplicateVote(prevote(A), prevote(B, 5)), "different rounds"),
    "two steps": (DuplicateVote(prevote(A), precommit(B)), "different steps"),
    "two heights": (DuplicateVote(precommit(A), precommit(B, 4, 8)), "different heights"),
    "forged second": (DuplicateVote(prevote(A), unsigned(prevote(B))), "second .* not signed"),
    "forged first": (DuplicateVote(unsigned(prevote(A)), prevote(B)), "first .* not signed"),
    "a newer polka releases the lock": (
        Amnesia(precommit(A, 2), prevote(B, 4, pol=2)), "newer polka"),
    "the locked value": (Amnesia(precommit(A, 2), prevote(A, 4)), "does not go against"),
    "nil": (Amnesia(precommit(A, 2), prevote(NIL, 4)), "does not go against"),
    "no lock": (Amnesia(precommit(NIL, 2), prevote(B, 4)), "does not go against"),
    "before the lock": (Amnesia(precommit(A, 5), prevote(B, 4)), "does not go against"),
    "a right result": (WrongResult(precommit(B), b""), "gives the signed result"),
    "nil has no result": (WrongResult(precommit(NIL), b""), "gives the signed result"),
}  # fmt: skip


@pytest.mark.parametrize(("evidence", "words"), EXCUSES.values(), ids=EXCUSES)
def test_what_a_correct_validator_may_say_convicts_nobody(evidence: Evidence, words: str) -> None:
    """The reason says why."""
    with pytest.raises(BadEvidence, match=words):
        check_evidence(evidence, VALIDATORS, 20, VERIFIER, judge)


def test_statements_of_two_validators_convict_nobody() -> None:
    """Even if each is signed by its own."""
    other = sign_as(Prevote(9, 4, B, NO_ROUND, OTHER), key=1)
    assert isinstance(other, Prevote)
    with pytest.raises(BadEvidence, match="different validators"):
        check_evidence(DuplicateVote(prevote(A), other), VALIDATORS, 20, VERIFIER)


@pytest.mark.parametrize("height", [8, 9 + MAX_AGE + 1])
def test_stale_and_early_evidence_is_refused(height: int) -> None:
    """Neither from the future nor from before anybody can be held to it."""
    with pytest.raises(BadEvidence, match="stale or early"):
        check_evidence(PROOFS["two prevotes"], VALIDATORS, height, VERIFIER)


def test_stranger_cannot_be_convicted() -> None:
    """Who had no power had nothing to misuse."""
    alone = ValidatorSet((Member(OTHER, 1),))
    with pytest.raises(BadEvidence, match="was no validator at height 9"):
        check_evidence(PROOFS["two prevotes"], alone, 20, VERIFIER)


def test_wrong_result_needs_a_judge() -> None:
    """Without one the claim proves nothing."""
    with pytest.raises(BadEvidence, match="needs a judge"):
        check_evidence(PROOFS["a wrong result"], VALIDATORS, 20, VERIFIER)
