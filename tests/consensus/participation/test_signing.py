"""Signers sign all that a message says; the product's precommits are what contracts check."""

from typing import Any

import pytest
from msgspec.structs import fields, replace

from devnet.consensus.participation.signing import (
    DigestSigner,
    DigestVerifier,
    KeySigner,
    KeyVerifier,
    Signer,
    Verifier,
)
from devnet.consensus.signature import compute_address
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.consensus.vote import Vote, VoteContext, is_signed

KEY, SET_HASH = b"\x07" * 32, b"\x05" * 32
WHO = compute_address(KEY)
PAIRS: dict[str, tuple[Signer, Verifier]] = {
    "key": (KeySigner(KEY, 31337, lambda _: SET_HASH), KeyVerifier(31337, lambda _: SET_HASH)),
    "digest": (DigestSigner(KEY), DigestVerifier({WHO: KEY})),
}
MESSAGES: tuple[Message, ...] = (
    Proposal(4, 2, b"\xaa" * 32, 1, WHO),
    Prevote(4, 2, b"\xaa" * 32, 1, WHO),
    Precommit(4, 2, b"\xaa" * 32, b"\xee" * 32, WHO),
)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_signature_binds_every_field(message: Message, pair: tuple[Signer, Verifier]) -> None:
    """Signed, it holds; with any field changed it does not."""
    signer, verifier = pair
    signed = signer.sign(message)
    assert verifier.is_signed(signed)
    assert not verifier.is_signed(message)
    for name in (field.name for field in fields(signed)):
        value = getattr(signed, name)
        other: Any = value + 1 if isinstance(value, int) else bytes([value[0] ^ 1]) + value[1:]
        assert not verifier.is_signed(replace(signed, **{name: other})), name


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_kinds_are_told_apart(pair: tuple[Signer, Verifier]) -> None:
    """A proposal's signature is no prevote's, though both say the same fields."""
    signer, verifier = pair
    signed = signer.sign(MESSAGES[0])
    assert not verifier.is_signed(replace(MESSAGES[1], signature=signed.signature))


def test_precommit_is_the_vote_that_contracts_check() -> None:
    """The same eight words, the same signature (decision 0002)."""
    signed = PAIRS["key"][0].sign(MESSAGES[2])
    assert isinstance(signed, Precommit)
    vote = Vote(2, signed.value, WHO, signed.fingerprint, signed.signature)
    assert is_signed(VoteContext(31337, 4, SET_HASH), vote)


def test_other_chains_and_sets_prove_nothing_here() -> None:
    """Chain id and set hash are signed."""
    signed = PAIRS["key"][0].sign(MESSAGES[1])
    assert not KeyVerifier(1, lambda _: SET_HASH).is_signed(signed)
    assert not KeyVerifier(31337, lambda _: KEY).is_signed(signed)


def test_garbage_is_no_signature() -> None:
    """Neither empty nor random bytes raise."""
    for signature in (b"", b"\x01" * 65, b"\xff" * 64):
        for _, verifier in PAIRS.values():
            assert not verifier.is_signed(replace(MESSAGES[0], signature=signature))
