"""Precompile 0x0100: a signature on curve P-256. Source: EIP-7951."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicNumbers,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

GAS_P256_VERIFY = 6_900
INPUT_BYTES = 160  # hash, r, s, x, y
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_VALID = (1).to_bytes(32, "big")


def verify_p256(data: bytes) -> bytes:
    """The word 1 if the signature holds, nothing otherwise."""
    if len(data) != INPUT_BYTES:
        return b""
    digest = data[:32]
    r, s, x, y = (int.from_bytes(data[i : i + 32], "big") for i in range(32, INPUT_BYTES, 32))
    if not (0 < r < _ORDER and 0 < s < _ORDER and x < _PRIME and y < _PRIME):
        return b""
    if x == y == 0:  # how the point at infinity is written
        return b""
    try:
        key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()  # refuses points elsewhere
        key.verify(encode_dss_signature(r, s), digest, ECDSA(Prehashed(SHA256())))
    except (ValueError, InvalidSignature):
        return b""
    return _VALID
