"""Signatures of validators: secp256k1 with a recovery byte, as a contract's ecrecover wants.

Deterministic (RFC 6979): the same key and digest give the same 65 bytes.
"""

from collections.abc import Callable
from functools import partial

from coincurve import PrivateKey, PublicKey

from devnet.errors import BadSignature
from precompiles.digest import compute_keccak

SIGNATURE_BYTES = 65  # r, s, recovery id 0 or 1
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def compute_address(key: bytes) -> bytes:
    """Address of a private key."""
    return _to_address(PrivateKey(key).public_key)


def sign(key: bytes, digest: bytes) -> bytes:
    """65 bytes over a 32-byte digest."""
    return PrivateKey(key).sign_recoverable(digest, hasher=None)


def bind_key(key: bytes) -> Callable[[bytes], bytes]:
    """`sign` with a key that is unpacked once."""
    return partial(PrivateKey(key).sign_recoverable, hasher=None)


def recover(signature: bytes, digest: bytes) -> bytes:
    """Address that signed the digest.

    Raises: BadSignature if the bytes are no signature, or not the low-s form.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature(f"signature of {len(signature)} bytes, not {SIGNATURE_BYTES}")
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        raise BadSignature("signature has a high s (EIP-2)")
    if signature[64] > 1:
        raise BadSignature(f"recovery id is {signature[64]}, not 0 or 1")
    try:
        return _to_address(PublicKey.from_signature_and_message(signature, digest, hasher=None))
    except Exception as broken:
        raise BadSignature(f"not a signature: {broken}") from broken


class Recoveries:
    """Remembers who made a signature: several validators in one process check the same ones."""

    def __init__(self, size: int = 4_096) -> None:
        self._known: dict[tuple[bytes, bytes], bytes] = {}
        self._size = size

    def recover(self, signature: bytes, digest: bytes) -> bytes:
        """As the function of this name. Raises: BadSignature."""
        key = (signature, digest)
        address = self._known.get(key)
        if address is None:
            address = recover(signature, digest)
            if len(self._known) == self._size:
                self._known.clear()
            self._known[key] = address
        return address


def _to_address(key: PublicKey) -> bytes:
    return compute_keccak(key.format(compressed=False)[1:])[12:]
