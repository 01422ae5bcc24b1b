"""A fork is explained by the messages of those who made it possible."""

from devnet.consensus.blame.evidence import Amnesia, check_evidence
from devnet.consensus.blame.fork import diagnose_fork, find_evidence
from devnet.consensus.participation.signing import DigestSigner, DigestVerifier
from devnet.consensus.tendermint.duplicate import DuplicateVote
from devnet.consensus.tendermint.message import NO_ROUND, Message, Precommit, Prevote
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.consensus.vote import NIL

A, B = b"\xaa" * 32, b"\xbb" * 32
ADDRESSES = [bytes([n + 1]) * 20 for n in range(4)]
VALIDATORS = ValidatorSet(tuple(Member(address, 1) for address in ADDRESSES))
VERIFIER = DigestVerifier({address: address for address in ADDRESSES})


def sign(message: Message) -> Message:
    """By its own validator."""
    return DigestSigner(message.validator).sign(message)


def vote(node: int, value: bytes, round_: int, pol: int = NO_ROUND) -> list[Message]:
    """A prevote and a precommit for a value."""
    who = ADDRESSES[node]
    return [
        sign(Prevote(1, round_, value, pol, who)),
        sign(Precommit(1, round_, value, NIL, who)),
    ]


def test_fork_in_one_round_is_double_voting() -> None:
    """Validators 2 and 3 voted on both sides; each is convicted by two votes."""
    sides = [*vote(0, A, 0), *vote(2, A, 0), *vote(3, A, 0)]
    sides += [*vote(1, B, 0), *vote(2, B, 0), *vote(3, B, 0)]
    fork = diagnose_fork(1, (A, B), sides, VALIDATORS)
    assert fork.culprits == (ADDRESSES[2], ADDRESSES[3])
    assert fork.is_accounted_for
    assert all(isinstance(proof, DuplicateVote) for proof in fork.evidence)
    assert all(check_evidence(proof, VALIDATORS, 1, VERIFIER) == 1 for proof in fork.evidence)
    assert "power 2 of 4" in str(fork)


def test_fork_over_two_rounds_is_amnesia() -> None:
    """Nobody voted twice in a round, yet 2 and 3 forgot what they had locked."""
    said = [*vote(0, A, 0), *vote(2, A, 0), *vote(3, A, 0)]
    said += [*vote(1, B, 1), *vote(2, B, 1), *vote(3, B, 1)]
    fork = diagnose_fork(1, (A, B), said, VALIDATORS)
    assert fork.culprits == (ADDRESSES[2], ADDRESSES[3])
    assert all(isinstance(proof, Amnesia) for proof in fork.evidence)
    assert all(check_evidence(proof, VALIDATORS, 1, VERIFIER) == 1 for proof in fork.evidence)


def test_lock_released_by_a_newer_polka_blames_nobody() -> None:
    """Locking B in round 1 with a polka, then prevoting it, is what the protocol asks for."""
    who = ADDRESSES[2]
    said = [
        sign(Precommit(1, 0, A, NIL, who)),
        sign(Precommit(1, 1, B, NIL, who)),
        sign(Prevote(1, 2, B, NO_ROUND, who)),
        sign(Prevote(1, 3, A, 2, who)),
    ]
    assert find_evidence(said) == ()


def test_repeated_message_is_no_evidence() -> None:
    """Everything may be said again."""
    said = [*vote(0, A, 0), *vote(0, A, 0)]
    assert find_evidence(said) == ()


def test_fork_that_cannot_be_blamed_says_why() -> None:
    """With messages missing the report names what is unjustified, and does not guess."""
    said = [sign(Precommit(1, 1, B, NIL, ADDRESSES[1]))]
    fork = diagnose_fork(1, (A, B), said, VALIDATORS)
    assert not fork.is_accounted_for
    assert "to blame: nobody, power 0 of 4, less than a third" in str(fork)
    assert "no polka of round 1 is known" in str(fork)
