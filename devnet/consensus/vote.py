"""Precommit votes: what a validator signs, and how anyone checks it.

The signed digest is keccak over eight 32-byte words, so a contract rebuilds it with abi.encode:
domain, chain id, height, round, block hash (zero for nil), hash of the validator set, engine
fingerprint of the signer, and the vote type.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from devnet.consensus.signature import recover, sign
from precompiles.digest import compute_keccak

Recover: TypeAlias = Callable[[bytes, bytes], bytes]  # (signature, digest): who signed
NIL = bytes(32)  # vote for no block
PRECOMMIT = 2  # vote type
_DOMAIN = compute_keccak(b"devnet.vote.v1")


@dataclass(frozen=True, slots=True)
class VoteContext:
    """What all votes of one height share."""

    chain_id: int
    height: int
    validators_hash: bytes


@dataclass(frozen=True, slots=True)
class Vote:
    """One precommit."""

    round: int
    block_hash: bytes  # NIL for none
    validator: bytes  # address
    fingerprint: bytes  # of the engine that executed the block
    signature: bytes = b""


def compute_vote_digest(context: VoteContext, vote: Vote) -> bytes:
    """The 32 bytes that are signed; the validator is bound by its key."""
    words = (
        _DOMAIN,
        context.chain_id.to_bytes(32, "big"),
        context.height.to_bytes(32, "big"),
        vote.round.to_bytes(32, "big"),
        vote.block_hash,
        context.validators_hash,
        vote.fingerprint,
        PRECOMMIT.to_bytes(32, "big"),
    )
    return compute_keccak(b"".join(words))


def sign_vote(context: VoteContext, vote: Vote, key: bytes) -> Vote:
    """The vote with its signature."""
    return replace(vote, signature=sign(key, compute_vote_digest(context, vote)))


def is_signed(context: VoteContext, vote: Vote, recover: Recover = recover) -> bool:
    """Whether the vote's validator made its signature.

    Raises: BadSignature if the bytes are no signature at all.
    """
    return recover(vote.signature, compute_vote_digest(context, vote)) == vote.validator
