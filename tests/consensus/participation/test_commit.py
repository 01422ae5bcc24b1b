"""A commit holds by the power that signed it, and becomes the certificate contracts check."""

import pytest
from msgspec.structs import replace

from devnet.consensus.certificate import check_certificate
from devnet.consensus.participation.commit import Commit, check_commit, to_certificate
from devnet.consensus.participation.signing import KeySigner, KeyVerifier
from devnet.consensus.signature import compute_address
from devnet.consensus.tendermint.message import Precommit
from devnet.consensus.validator_set import Member, ValidatorSet, compute_set_hash
from devnet.consensus.vote import NIL, VoteContext
from devnet.errors import BadCertificate

KEYS = [bytes([n]) * 32 for n in range(1, 6)]
VALIDATORS = ValidatorSet(tuple(Member(compute_address(key), 1) for key in KEYS[:4]))
SET_HASH = compute_set_hash(VALIDATORS)
VERIFIER = KeyVerifier(31337, lambda _: SET_HASH)
A = b"\xaa" * 32


def vote(node: int, value: bytes = A, round_: int = 1, height: int = 7) -> Precommit:
    """A signed precommit."""
    unsigned = Precommit(height, round_, value, b"\xee" * 32, compute_address(KEYS[node]))
    signed = KeySigner(KEYS[node], 31337, lambda _: SET_HASH).sign(unsigned)
    assert isinstance(signed, Precommit)
    return signed


GOOD = Commit(7, 1, A, (vote(2), vote(0), vote(3)))


def test_quorum_holds_in_any_order_and_becomes_a_certificate() -> None:
    """The certificate lists votes in the order of the set and passes its own check."""
    assert check_commit(GOOD, VALIDATORS, VERIFIER) == 3
    certificate = to_certificate(GOOD, VALIDATORS)
    assert [v.validator for v in certificate.votes] == [compute_address(KEYS[n]) for n in (0, 2, 3)]
    assert check_certificate(certificate, VALIDATORS, VoteContext(31337, 7, SET_HASH)) == 3


@pytest.mark.parametrize(
    ("commit", "words"),
    [
        (replace(GOOD, precommits=GOOD.precommits[:2]), "signed by power 2 of 4, needs at least 3"),
        (replace(GOOD, precommits=(*GOOD.precommits[:2], vote(2))), "signs twice"),
        (replace(GOOD, precommits=(*GOOD.precommits[:2], vote(4))), "not in the validator set"),
        (replace(GOOD, precommits=(*GOOD.precommits[:2], vote(3, NIL))), "another height, round"),
        (replace(GOOD, precommits=(*GOOD.precommits[:2], vote(3, round_=2))), "another height"),
        (replace(GOOD, height=8), "another height, round or block"),
        (replace(GOOD, value=NIL), "commits no block"),
        (
            replace(GOOD, precommits=(*GOOD.precommits[:2],
                                      replace(vote(3), signature=vote(0).signature))),
            "the signature is not by",
        ),
    ],
)  # fmt: skip
def test_unsound_commit_is_refused_with_the_reason(commit: Commit, words: str) -> None:
    """Missing power, repeated, foreign, mixed and forged votes."""
    with pytest.raises(BadCertificate, match=words):
        check_commit(commit, VALIDATORS, VERIFIER)
