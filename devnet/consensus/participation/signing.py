"""Signing as a port: who signs messages, and how anyone checks them.

| signer           | what it is                                                          |
|------------------|---------------------------------------------------------------------|
| `KeySigner`      | secp256k1; a precommit's digest is the one contracts rebuild        |
| `DigestSigner`   | BLAKE2b over a key: cheap, for simulations only; whoever checks can forge |
"""

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Protocol, TypeAlias

from msgspec.structs import replace

from devnet.consensus.signature import bind_key, recover
from devnet.consensus.tendermint.message import Message, Precommit, Proposal
from devnet.consensus.vote import Recover, Vote, VoteContext, compute_vote_digest
from devnet.errors import BadSignature
from precompiles.digest import compute_keccak

SetHash: TypeAlias = Callable[[int], bytes]  # of the validator set of a height
Shift: TypeAlias = Callable[[Message], int]  # what is added to a message's rounds when it is signed
_PROPOSAL = compute_keccak(b"devnet.proposal.v1")
_PREVOTE = compute_keccak(b"devnet.prevote.v1")


class Signer(Protocol):
    """Holds one validator's key."""

    def sign(self, message: Message) -> Message:
        """The message with its signature."""


class Verifier(Protocol):
    """Knows whose signature is whose."""

    def is_signed(self, message: Message) -> bool:
        """Whether the message's validator made its signature."""


class KeySigner:
    """A secp256k1 key on one chain."""

    def __init__(
        self, key: bytes, chain_id: int, get_set_hash: SetHash, get_shift: Shift | None = None
    ) -> None:
        self._sign, self._chain_id, self._get_set_hash = bind_key(key), chain_id, get_set_hash
        self._get_shift = get_shift

    def sign(self, message: Message) -> Message:
        """Raises nothing: RFC 6979 signatures need no randomness."""
        shift = 0 if self._get_shift is None else self._get_shift(message)
        set_hash = self._get_set_hash(message.height)
        digest = compute_digest(message, self._chain_id, set_hash, shift)
        return replace(message, signature=self._sign(digest))


class KeyVerifier:
    """Recovers signers; needs no keys."""

    def __init__(
        self,
        chain_id: int,
        get_set_hash: SetHash,
        recover: Recover = recover,
        get_shift: Shift | None = None,
    ) -> None:
        """`recover` may remember what it found: it is a pure function."""
        self._chain_id, self._get_set_hash = chain_id, get_set_hash
        self._recover, self._get_shift = recover, get_shift

    def is_signed(self, message: Message) -> bool:
        """False as well for bytes that are no signature."""
        shift = 0 if self._get_shift is None else self._get_shift(message)
        set_hash = self._get_set_hash(message.height)
        digest = compute_digest(message, self._chain_id, set_hash, shift)
        try:
            return self._recover(message.signature, digest) == message.validator
        except BadSignature:
            return False


class DigestSigner:
    """A keyed digest instead of a signature: for simulations, where no one cheats at this."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, message: Message) -> Message:
        """The message with 16 bytes that only holders of the key can compute."""
        return replace(message, signature=_compute_keyed(message, self._key))


class DigestVerifier:
    """Holds everybody's key."""

    def __init__(self, keys: Mapping[bytes, bytes]) -> None:
        """`keys` by address."""
        self._keys = dict(keys)

    def is_signed(self, message: Message) -> bool:
        """Whether the digest is right."""
        key = self._keys.get(message.validator)
        return key is not None and message.signature == _compute_keyed(message, key)


def compute_digest(message: Message, chain_id: int, set_hash: bytes, shift: int = 0) -> bytes:
    """The 32 bytes that are signed: keccak over 32-byte words.

    Args:
        shift: how much later the rounds are that are signed.
    """
    context = VoteContext(chain_id, message.height, set_hash)
    if isinstance(message, Precommit):
        vote = Vote(message.round + shift, message.value, message.validator, message.fingerprint)
        return compute_vote_digest(context, vote)
    words = (
        _PROPOSAL if isinstance(message, Proposal) else _PREVOTE,
        chain_id.to_bytes(32, "big"),
        message.height.to_bytes(32, "big"),
        (message.round + shift).to_bytes(32, "big"),
        message.value,
        set_hash,
        (message.pol_round + 1 + shift).to_bytes(32, "big"),
    )
    return compute_keccak(b"".join(words))


def _compute_keyed(message: Message, key: bytes) -> bytes:
    if isinstance(message, Precommit):
        said = b"%d/%d precommit " % (message.height, message.round) + message.fingerprint
    else:
        kind = b"proposal" if isinstance(message, Proposal) else b"prevote"
        said = b"%d/%d %b %d" % (message.height, message.round, kind, message.pol_round)
    return blake2b(key + message.value + said).digest()[:16]
