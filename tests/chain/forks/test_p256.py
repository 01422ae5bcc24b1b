"""EIP-7951: a signature on P-256 holds or it does not; nothing in the input is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.chain.forks.p256 import GAS_P256_VERIFY, verify_p256

if TYPE_CHECKING:
    from tests.chain.forks.conftest import Chain

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
VALID = (1).to_bytes(32, "big")
PUBLISHED = bytes.fromhex(  # RIP-7212's example
    "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
    "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
    "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
    "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
    "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
)
READER = bytes.fromhex("a1" * 20)  # calls 0x100 with its call data, stores what comes back


def sign(secret: int, digest: bytes) -> tuple[int, int, int, int]:
    """r, s, x and y of a signature by the key `secret`."""
    key = ec.derive_private_key(secret, ec.SECP256R1())
    r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(SHA256()))))
    point = key.public_key().public_numbers()
    return r, s, point.x, point.y


def pack(digest: bytes, *numbers: int) -> bytes:
    """The input of the precompile."""
    return digest + b"".join(number.to_bytes(32, "big") for number in numbers)


def test_the_published_signature_holds() -> None:
    """The example of RIP-7212, which EIP-7951 keeps."""
    assert verify_p256(PUBLISHED) == VALID


@given(secret=st.integers(1, ORDER - 1), digest=st.binary(min_size=32, max_size=32))
@settings(max_examples=30)
def test_signatures_hold_for_every_key_and_hash_and_for_no_other(
    secret: int, digest: bytes
) -> None:
    """Also with the other s, which ECDSA allows; not with another hash."""
    r, s, x, y = sign(secret, digest)
    assert verify_p256(pack(digest, r, s, x, y)) == VALID
    assert verify_p256(pack(digest, r, ORDER - s, x, y)) == VALID
    other = hashlib.sha256(digest).digest()
    assert verify_p256(pack(other, r, s, x, y)) == b""


@pytest.mark.parametrize("index", range(0, 160, 5))
def test_one_changed_byte_is_no_signature(index: int) -> None:
    """In hash, r, s, x and y alike."""
    changed = bytearray(PUBLISHED)
    changed[index] ^= 1
    assert verify_p256(bytes(changed)) == b""


def test_numbers_out_of_range_are_no_signature() -> None:
    """Zero, the order and what is equal to a valid number modulo the order or the prime."""
    digest = hashlib.sha256(b"message").digest()
    r, s, x, y = sign(7, digest)
    assert verify_p256(pack(digest, r, s, x, y)) == VALID
    for numbers in (
        (0, s, x, y),
        (r, 0, x, y),
        (ORDER, s, x, y),
        (r, ORDER, x, y),
        (2**256 - 1, s, x, y),
        (r, 2**256 - 1, x, y),
        (r, s, PRIME, y),
        (r, s, x, PRIME),
        (r, s, 2**256 - 1, 2**256 - 1),
        (r, s, 0, 0),  # infinity
        (r, s, x, y ^ 1),  # off the curve
        (r, s, y, x),
        (r, s, x, PRIME - y),  # the opposite point
    ):
        assert verify_p256(pack(digest, *numbers)) == b""


def test_numbers_are_not_taken_modulo_the_order_or_the_prime() -> None:
    """A small x plus the prime still fits 256 bits, and is another number."""
    x = next(
        x for x in range(1, 100) if pow((x**3 - 3 * x + B) % PRIME, (PRIME - 1) // 2, PRIME) == 1
    )
    y = pow((x**3 - 3 * x + B) % PRIME, (PRIME + 1) // 4, PRIME)
    # with r = (u1 G + u2 Q).x and u1 = 0: a signature of the hash 0 by a key nobody knows
    digest = bytes(32)
    assert verify_p256(pack(digest, x, x, x, y)) == VALID  # u2 = r / s = 1
    assert verify_p256(pack(digest, x, x, x + PRIME, y)) == b""
    assert verify_p256(pack(digest, x + ORDER, x, x, y)) == b""
    assert verify_p256(pack(digest, x, x + ORDER, x, y)) == b""
    assert verify_p256(pack(digest, ORDER - x, ORDER - x, x, y)) == b""  # r is x, not its opposite


def test_a_hash_above_the_order_is_reduced() -> None:
    """The hash is a number modulo the order."""
    r, s, x, y = sign(3, (5).to_bytes(32, "big"))
    assert verify_p256(pack((ORDER + 5).to_bytes(32, "big"), r, s, x, y)) == VALID


@pytest.mark.parametrize("size", [0, 1, 96, 159, 161, 192, 320])
def test_another_length_is_no_signature(size: int) -> None:
    """Nothing is cut off or filled up."""
    assert verify_p256(PUBLISHED[:size].ljust(size, b"\0")) == b""


def test_contracts_reach_it_from_osaka_on(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes]
) -> None:
    """Under Prague the address is an account like any other: the call succeeds and says nothing."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    call = (32, 512, "CALLDATASIZE", 0, 0x100, "GAS", "STATICCALL", 0, "SSTORE")
    code = assemble(*copy, *call, "RETURNDATASIZE", 1, "SSTORE", 512, "MLOAD", 2, "SSTORE")
    for fork, size in (("prague", 0), ("osaka", 32), ("bpo2", 32)):
        chain = make_chain(fork, {READER: code})
        for data, returned in ((PUBLISHED, size), (PUBLISHED[:-1] + b"\x99", 0), (b"", 0)):
            assert chain.send(to=READER, data=data).receipts[0].succeeded
            found = tuple(chain.read(READER, slot) for slot in range(3))
            assert found == (1, returned, returned // 32)


def test_it_costs_6900_gas_whatever_the_outcome(
    make_chain: Callable[..., Chain], assemble: Callable[..., bytes]
) -> None:
    """With one unit less the call fails."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    calls = [
        part
        for slot, gas in enumerate((GAS_P256_VERIFY, GAS_P256_VERIFY - 1))
        for part in (0, 0, "CALLDATASIZE", 0, 0x100, gas, "STATICCALL", slot, "SSTORE")
    ]
    chain = make_chain("osaka", {READER: assemble(*copy, *calls)})
    for data in (PUBLISHED, b"", bytes(160)):
        chain.send(to=READER, data=data)
        assert (chain.read(READER, 0), chain.read(READER, 1)) == (1, 0)
