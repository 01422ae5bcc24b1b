"""The pool keeps one proof for each place, and lets go of what the state knows."""

import pytest
from msgspec.structs import replace

from devnet.config import Staking
from devnet.consensus.staking import Misbehaviour, build_storage
from devnet.consensus.tendermint.duplicate import DuplicateVote
from devnet.consensus.tendermint.message import Prevote
from devnet.consensus.validator_set import Member, ValidatorSet
from devnet.errors import BadEvidence
from devnet.validators.accusation import decode_wrong_result, encode_accusation
from devnet.validators.evidence_pool import MAX_PENDING, EvidencePool

ACCUSED, OTHER = b"\x01" * 20, b"\x02" * 20
VOTE = Prevote(5, 0, b"\xaa" * 32, -1, ACCUSED, bytes(65))
PROOF = DuplicateVote(VOTE, replace(VOTE, value=b"\xbb" * 32))
STORAGE = build_storage(ValidatorSet((Member(ACCUSED, 1),)), Staking(max_evidence_age=10))


def load(slot: int) -> int:
    """Of a state in which the accused has stake."""
    return STORAGE.get(slot, 0)


def build_pool() -> EvidencePool:
    """Empty."""
    return EvidencePool(lambda height: height.to_bytes(32, "big"))


def test_one_proof_is_kept_for_a_place() -> None:
    """Seen by several validators it is one; of another height or validator it is another."""
    pool = build_pool()
    for proof in (PROOF, PROOF, DuplicateVote(PROOF.second, PROOF.first)):
        pool.add(proof)
    assert [accusation.place for accusation in pool] == [(ACCUSED, 5, Misbehaviour.DUPLICATE_VOTE)]
    pool.add(DuplicateVote(replace(VOTE, height=6), replace(VOTE, height=6, round=1)))
    assert len(pool) == 2


def test_what_is_too_old_or_about_strangers_is_not_due() -> None:
    """From the next block to a maximal age later; a stranger has no stake to lose."""
    pool = build_pool()
    pool.add(PROOF)
    stranger = replace(VOTE, validator=OTHER)
    pool.add(DuplicateVote(stranger, replace(stranger, value=bytes(32))))
    assert [a.place[0] for a in pool.list_due(load, 15)] == [ACCUSED]
    assert pool.list_due(load, 5) == ()
    assert pool.list_due(load, 16) == ()
    pool.settle(load, 15)
    assert len(pool) == 1


def test_what_was_punished_is_let_go() -> None:
    """The state says so, whoever brought it."""
    pool = build_pool()
    pool.add(PROOF)
    pool.settle(lambda slot: STORAGE.get(slot, 1), 6)  # every other word is set
    assert len(pool) == 0


def test_pool_goes_back_with_the_chain() -> None:
    """What was about later blocks is forgotten; a copy is of its moment."""
    pool = build_pool()
    pool.add(PROOF)
    before = pool.copy()
    pool.rewind(4)
    assert (len(pool), len(before)) == (0, 1)
    before.rewind(5)
    assert len(before) == 1


def test_pool_is_bounded() -> None:
    """What comes when it is full is dropped."""
    pool = build_pool()
    for height in range(MAX_PENDING + 1):
        first = replace(VOTE, height=height)
        pool.add(DuplicateVote(first, replace(first, value=bytes(32))))
    assert len(pool) == MAX_PENDING


@pytest.mark.parametrize("data", [b"", bytes(4), encode_accusation(PROOF, bytes(32))])
def test_call_that_reports_no_wrong_result_is_refused(data: bytes) -> None:
    """Other functions of the contract, or bytes of no function."""
    with pytest.raises(BadEvidence, match="not reported by a call of the contract"):
        decode_wrong_result(data)


def test_report_that_does_not_decode_is_refused() -> None:
    """Call data cut short, or with bytes for a header that are none."""
    from eth_abi.abi import encode

    from devnet.validators.accusation import STATEMENT
    from precompiles.digest import compute_keccak

    selector = compute_keccak(f"reportWrongResult({STATEMENT},bytes,bytes)".encode())[:4]
    statement = (0, 1, 0, bytes(32), -1, bytes(32), bytes(32), b"")
    for header, body in (
        (b"", b"\xc0"),
        (b"\xc0", b"\xc0"),
        (b"\xff", b"\xff"),
        (b"\xc0", b"\x80"),
    ):
        data = selector + encode([STATEMENT, "bytes", "bytes"], [statement, header, body])
        with pytest.raises(BadEvidence):
            decode_wrong_result(data)
    with pytest.raises(BadEvidence, match="does not decode"):
        decode_wrong_result(selector + bytes(31))
