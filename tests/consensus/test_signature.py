"""Signatures are deterministic, in low-s form, and those of every other secp256k1 library."""

from contextlib import suppress

import pytest
from eth_keys.datatypes import PrivateKey, Signature
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.consensus.signature import SIGNATURE_BYTES, compute_address, recover, sign
from devnet.errors import BadSignature

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEYS = st.integers(1, ORDER - 1).map(lambda number: number.to_bytes(32, "big"))
DIGESTS = st.binary(min_size=32, max_size=32)
KEY, DIGEST = b"\x01" * 32, b"\x02" * 32


@settings(max_examples=50, deadline=None)
@given(key=KEYS, digest=DIGESTS)
def test_signature_is_that_of_eth_keys(key: bytes, digest: bytes) -> None:
    """Same address, same 65 bytes (RFC 6979), and each library recovers from the other's."""
    other = PrivateKey(key)
    signature = sign(key, digest)
    assert compute_address(key) == other.public_key.to_canonical_address()
    assert signature == other.sign_msg_hash(digest).to_bytes()
    assert recover(signature, digest) == compute_address(key)
    recovered = Signature(signature).recover_public_key_from_msg_hash(digest)
    assert recovered.to_canonical_address() == compute_address(key)


@given(key=KEYS, digest=DIGESTS)
@settings(max_examples=50)
def test_signing_twice_gives_the_same_bytes_in_low_s_form(key: bytes, digest: bytes) -> None:
    """No randomness, and one form alone."""
    signature = sign(key, digest)
    assert signature == sign(key, digest)
    assert len(signature) == SIGNATURE_BYTES
    assert 0 < int.from_bytes(signature[32:64], "big") <= ORDER // 2
    assert signature[64] in (0, 1)


def test_known_vector() -> None:
    """RFC 6979 with key 1 and the digest of 'Satoshi Nakamoto', as printed in many libraries."""
    digest = bytes.fromhex("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e")
    signature = sign((1).to_bytes(32, "big"), digest)
    assert (
        signature[:32].hex() == "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
    )
    assert signature[32:64].hex() == (
        "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"
    )


@settings(max_examples=50)
@given(key=KEYS, digest=DIGESTS)
def test_mirrored_signature_is_refused(key: bytes, digest: bytes) -> None:
    """The other half of the curve would be a second signature for the same vote (EIP-2)."""
    signature = sign(key, digest)
    mirrored = (ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    with pytest.raises(BadSignature, match="high s"):
        recover(signature[:32] + mirrored + bytes([1 - signature[64]]), digest)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(64),
        bytes(65),
        bytes(66),
        b"\xff" * 32 + (1).to_bytes(32, "big") + b"\x00",
        ORDER.to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\x00",
        (2).to_bytes(32, "big") + (1).to_bytes(32, "big") + b"\x02",  # a point beyond the order
        sign(KEY, DIGEST)[:64] + b"\x04",
        sign(KEY, DIGEST)[:64] + b"\x1b",
        sign(KEY, DIGEST)[:64] + b"\xff",
        sign(KEY, DIGEST)[:32] + bytes(32) + b"\x00",
    ],
    ids=range(11),
)
def test_bytes_that_are_no_signature_are_refused(signature: bytes) -> None:
    """Wrong length, off the curve, out of range, or a recovery id that is not 0 or 1."""
    with pytest.raises(BadSignature):
        recover(signature, DIGEST)


@settings(max_examples=100)
@given(signature=st.binary(min_size=60, max_size=70), digest=DIGESTS)
def test_arbitrary_bytes_recover_somebody_or_are_refused(signature: bytes, digest: bytes) -> None:
    """No other error leaves."""
    with suppress(BadSignature):
        assert len(recover(signature, digest)) == 20


@settings(max_examples=50)
@given(at=st.integers(0, 64), flip=st.integers(1, 255))
def test_changed_signature_is_not_by_the_signer(at: int, flip: int) -> None:
    """Any byte changed: refused, or recovered to somebody else."""
    signature = bytearray(sign(KEY, DIGEST))
    signature[at] ^= flip
    with suppress(BadSignature):
        assert recover(bytes(signature), DIGEST) != compute_address(KEY)
