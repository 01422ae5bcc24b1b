"""Inputs of precompiles at their edges, valid and hostile ones."""

from __future__ import annotations

from collections.abc import Iterator

import ckzg
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from py_ecc.optimized_bls12_381 import optimized_curve as bls

from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    compute_commitment,
    compute_versioned_hash,
    load_setup,
)

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_P256_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
_BLS_PRIME = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f6241eabfffeb153ffffb9feffffffffaaab",
    16,
)


def address(number: int) -> bytes:
    """The address of a precompile."""
    return number.to_bytes(20, "big")


def pack(*words: int) -> bytes:
    """Words of 32 bytes."""
    return b"".join(word.to_bytes(32, "big") for word in words)


def list_modexp() -> Iterator[tuple[bytes, bytes]]:
    """Lengths around every bound of EIP-198, 2565, 7823 and 7883, with some operands."""
    lengths = (
        *((0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0), (0, 2**64, 0), (1, 32, 1), (1, 33, 1)),
        *((31, 1, 32), (32, 1, 32), (33, 1, 32), (32, 1, 33), (64, 3, 64), (65, 32, 64)),
        *((128, 40, 128), (1_024, 1, 32), (32, 1_024, 32), (32, 1, 1_024), (1_024, 1, 1_024)),
        *((1_025, 1, 1), (1, 1_025, 1), (1, 1, 1_025), (2**32, 1, 1), (1, 1, 2**32)),
    )
    for sizes in lengths:
        for operands in (b"", b"\x03\x05\x07", b"\xff" * 140):
            yield address(0x05), pack(*sizes) + operands
    for exponent in (0, 1, 2, 3, 255, 256, 65_537, 2**255, 2**256 - 1):
        yield address(0x05), pack(32, 32, 32, 2**200 + 1, exponent, 2**256 - 189)


def list_p256() -> Iterator[tuple[bytes, bytes]]:
    """Signatures that hold, and ones with a number changed or out of range."""
    digest = 0xBB5A52F42F9C9261ED4361F59422A1E30036E7C32B270C8807A419FECA605023
    for secret in (1, 2, 7, _P256_ORDER - 1):
        key = ec.derive_private_key(secret, ec.SECP256R1())
        scheme = ec.ECDSA(Prehashed(SHA256()))
        r, s = decode_dss_signature(key.sign(digest.to_bytes(32, "big"), scheme))
        point = key.public_key().public_numbers()
        x, y = point.x, point.y
        for words in (
            *((digest, r, s, x, y), (digest, r, _P256_ORDER - s, x, y), (digest + 1, r, s, x, y)),
            *(
                (digest, s, r, x, y),
                (digest, 0, s, x, y),
                (digest, r, 0, x, y),
                (digest, r, s, 0, 0),
            ),
            *((digest, r, s, x, _P256_PRIME - y), (digest, r, s, x, y ^ 1), (digest, r, s, y, x)),
            *((digest, _P256_ORDER, s, x, y), (digest, r, _P256_ORDER, x, y)),
            *((digest, r, s, _P256_PRIME, y), (digest, r, s, x, 2**256 - 1)),
        ):
            yield address(0x100), pack(*words)
        yield address(0x100), pack(digest, r, s, x, y)[:-1]
        yield address(0x100), pack(digest, r, s, x, y) + b"\0"
    yield address(0x100), b""


def list_point_evaluations() -> Iterator[tuple[bytes, bytes]]:
    """A proof that holds, and the same with a part changed."""
    blob = b"\0" + bytes(range(31)) + bytes(BLOB_BYTES - 32)
    z = (5).to_bytes(32, "big")
    proof, y = ckzg.compute_kzg_proof(blob, z, load_setup())
    commitment = compute_commitment(blob)
    good = compute_versioned_hash(commitment) + z + y + commitment + proof
    for data in (good, good[:-1], good[:64] + z + good[96:], bytes(32) + good[32:]):
        yield address(0x0A), data


def list_bls() -> Iterator[tuple[bytes, bytes]]:
    """Points of both groups, infinity, points elsewhere (EIP-2537)."""
    first, second, infinity = _g1(1), _g1(12_345), bytes(128)
    off = first[:127] + b"\x01"
    for data in (first + second, first + infinity, infinity * 2, first + off, first + first[:-1]):
        yield address(0x0B), data
    for scalars in ((0,), (1,), (bls.curve_order - 1, 5), (2**256 - 1, 2, 3)):
        points = [_g1(n + 1) + pack(scalar) for n, scalar in enumerate(scalars)]
        yield address(0x0C), b"".join(points)
    yield address(0x0C), b""
    third, fourth, far = _g2(1), _g2(777), bytes(256)
    for data in (third + fourth, third + far, far * 2, third[:255] + b"\x01" + fourth):
        yield address(0x0D), data
    yield address(0x0E), third + pack(9) + fourth + pack(bls.curve_order + 1)
    opposite = _g1(bls.curve_order - 1)
    yield address(0x0F), first + third + opposite + third
    yield address(0x0F), first + third + second + third
    yield address(0x0F), infinity + far
    yield address(0x0F), b""
    for value in (0, 1, 2**380, _BLS_PRIME - 1, _BLS_PRIME):
        yield address(0x10), value.to_bytes(64, "big")
        yield address(0x11), value.to_bytes(64, "big") + (3).to_bytes(64, "big")


def _g1(scalar: int) -> bytes:
    return b"".join(int(c).to_bytes(64, "big") for c in bls.normalize(bls.multiply(bls.G1, scalar)))


def _g2(scalar: int) -> bytes:
    x, y = bls.normalize(bls.multiply(bls.G2, scalar))
    return b"".join(int(c).to_bytes(64, "big") for c in (*x.coeffs, *y.coeffs))
