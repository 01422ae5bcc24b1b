"""A vote's digest binds everything a vote says, in a form that a contract can rebuild."""

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.signature import compute_address
from devnet.consensus.vote import (
    NIL,
    PRECOMMIT,
    Vote,
    VoteContext,
    compute_vote_digest,
    is_signed,
    sign_vote,
)
from devnet.errors import BadSignature
from precompiles.digest import compute_keccak

HASH = st.binary(min_size=32, max_size=32)
NUMBER = st.integers(0, 2**63)
CONTEXTS = st.builds(VoteContext, chain_id=NUMBER, height=NUMBER, validators_hash=HASH)
VOTES = st.builds(Vote, round=NUMBER, block_hash=HASH, validator=st.just(b"\x01" * 20),
                  fingerprint=HASH)  # fmt: skip
KEY = b"\x07" * 32
CONTEXT = VoteContext(31337, 5, b"\x03" * 32)
VOTE = Vote(0, b"\x04" * 32, compute_address(KEY), b"\x05" * 32)


@given(context=CONTEXTS, vote=VOTES)
def test_digest_is_keccak_of_abi_encoded_words(context: VoteContext, vote: Vote) -> None:
    """`keccak256(abi.encode(...))` of eight static words."""
    words = encode(
        ["bytes32", "uint256", "uint256", "uint256", "bytes32", "bytes32", "bytes32", "uint256"],
        [
            compute_keccak(b"devnet.vote.v1"),
            context.chain_id,
            context.height,
            vote.round,
            vote.block_hash,
            context.validators_hash,
            vote.fingerprint,
            PRECOMMIT,
        ],
    )
    assert compute_vote_digest(context, vote) == compute_keccak(words)


@given(one=st.tuples(CONTEXTS, VOTES), other=st.tuples(CONTEXTS, VOTES))
def test_different_votes_have_different_digests(
    one: tuple[VoteContext, Vote], other: tuple[VoteContext, Vote]
) -> None:
    """Equal digests only for equal votes of one height of one chain."""
    assert (compute_vote_digest(*one) == compute_vote_digest(*other)) == (one == other)


@pytest.mark.parametrize(
    ("context", "vote"),
    [
        (replace(CONTEXT, chain_id=1), VOTE),
        (replace(CONTEXT, height=6), VOTE),
        (replace(CONTEXT, validators_hash=NIL), VOTE),
        (CONTEXT, replace(VOTE, round=1)),
        (CONTEXT, replace(VOTE, block_hash=NIL)),
        (CONTEXT, replace(VOTE, fingerprint=NIL)),
        (CONTEXT, replace(VOTE, validator=bytes(20))),
    ],
    ids=["chain", "height", "set", "round", "block", "fingerprint", "validator"],
)
def test_signature_holds_for_one_vote_only(context: VoteContext, vote: Vote) -> None:
    """Whatever field is changed, the signature is no longer the validator's."""
    signed = sign_vote(CONTEXT, VOTE, KEY)
    assert is_signed(CONTEXT, signed)
    assert not is_signed(context, replace(vote, signature=signed.signature))


def test_vote_without_signature_is_refused() -> None:
    """An unsigned vote is an error, not a vote by nobody."""
    with pytest.raises(BadSignature, match="0 bytes, not 65"):
        is_signed(CONTEXT, VOTE)
