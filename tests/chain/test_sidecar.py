"""Blobs on their way: the network form reads in both versions, and what does not fit is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
import rlp
from eth_keys.datatypes import PrivateKey

from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    BLS_MODULUS,
    compute_blob_proof,
    compute_cell_proofs,
    compute_commitment,
    compute_versioned_hash,
)
from devnet.chain.sidecar import Sidecar, encode_network_form, split_network_form
from devnet.chain.transaction import MAX_NETWORK_BYTES, decode_included, decode_transaction
from devnet.errors import BadTransaction, UnsupportedTransaction

KEY = PrivateKey(b"\x07" * 32)
BLOBS = (b"\0" + b"devnet" * 5 + bytes(BLOB_BYTES - 31), bytes(BLOB_BYTES))


@cache
def build_sidecar(version: int, count: int = 2) -> Sidecar:
    """Blobs with true commitments and proofs."""
    blobs = BLOBS[:count]
    commitments = tuple(map(compute_commitment, blobs))
    if version:
        proofs = tuple(proof for blob in blobs for proof in compute_cell_proofs(blob))
    else:
        proofs = tuple(map(compute_blob_proof, blobs, commitments))
    return Sidecar(version, blobs, commitments, proofs)


def sign(*hashes: bytes, **changes: int) -> bytes:
    """A blob transaction as it stands in a block."""
    names = {"chain": 31337, "nonce": 0, "tip": 1, "fee": 10**10, "gas": 21_000, "value": 0}
    values = {**names, "blob_fee": 10, **changes}
    blob_fee = values.pop("blob_fee")
    value = values.pop("value")
    body = [*values.values(), b"\xf5" * 20, value, b"", [], blob_fee, list(hashes)]
    signature = KEY.sign_msg(b"\x03" + rlp.encode(body))
    return b"\x03" + bytes(rlp.encode([*body, signature.v, signature.r, signature.s]))


def build_raw(sidecar: Sidecar, *, honest: bool = True) -> bytes:
    """The network form of a transaction that names the blobs."""
    named = sidecar if honest else build_sidecar(0)
    return encode_network_form(sign(*map(compute_versioned_hash, named.commitments)), sidecar)


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("count", [1, 2])
def test_blobs_come_along_and_stay_out_of_the_transaction(version: int, count: int) -> None:
    """The hash is that of the form in a block; nothing of the sidecar is in it."""
    sidecar = build_sidecar(version, count)
    raw = build_raw(sidecar)
    transaction = decode_transaction(raw, Fork.OSAKA)
    assert transaction.sidecar == sidecar
    assert transaction.sender == KEY.public_key.to_canonical_address()
    assert transaction.blob_gas == count * 131_072
    assert transaction.raw == sign(*map(compute_versioned_hash, sidecar.commitments))
    included = decode_included(transaction.raw, Fork.OSAKA)
    assert included == replace(transaction, sidecar=None)
    assert encode_network_form(transaction.raw, sidecar) == raw


def test_cell_proofs_are_known_from_osaka_on() -> None:
    """Proofs of whole blobs are taken before and after."""
    for fork in (Fork.CANCUN, Fork.PRAGUE):
        assert decode_transaction(build_raw(build_sidecar(0)), fork).sidecar is not None
        with pytest.raises(UnsupportedTransaction, match="from osaka on"):
            decode_transaction(build_raw(build_sidecar(1)), fork)
    with pytest.raises(UnsupportedTransaction, match="type not supported: 3 under shanghai"):
        decode_transaction(build_raw(build_sidecar(0)), Fork.SHANGHAI)


@pytest.mark.parametrize("version", [0, 1])
def test_what_does_not_belong_together_is_refused(version: int) -> None:
    """Another blob, commitment, proof, order or number of them."""
    good = build_sidecar(version)
    lone = build_sidecar(version, 1)
    other = bytes([0xC0]) + bytes(47)  # the point at infinity: commits to zeros
    for changed, words in (
        (replace(good, blobs=good.blobs[::-1]), "KZG proofs do not fit"),
        (replace(good, proofs=good.proofs[::-1]), "KZG proofs do not fit"),
        (replace(good, proofs=(bytes(48), *good.proofs[1:])), "KZG proofs do not fit"),
        (replace(good, commitments=good.commitments[::-1]), "blob 0 has hash"),
        (replace(good, commitments=(other, good.commitments[1])), "blob 0 has hash"),
        (lone, "1 blobs, but 2 hashes"),
        (replace(good, proofs=good.proofs[1:]), "2 blobs, but 2 hashes, 2 commitments"),
        (replace(good, blobs=(*good.blobs, bytes(BLOB_BYTES))), "3 blobs, but 2 hashes"),
    ):
        with pytest.raises(BadTransaction, match=words):
            decode_transaction(build_raw(changed, honest=False), Fork.OSAKA)


def test_a_blob_that_is_no_list_of_field_elements_is_refused() -> None:
    """An element is below the modulus of the curve."""
    good = build_sidecar(0)
    blob = BLS_MODULUS.to_bytes(32, "big") + bytes(BLOB_BYTES - 32)
    with pytest.raises(BadTransaction, match="KZG proofs do not fit"):
        decode_transaction(build_raw(replace(good, blobs=(blob, good.blobs[1]))), Fork.OSAKA)
    with pytest.raises(ValueError, match="4,096 field elements"):
        compute_commitment(blob)


def test_a_transaction_without_its_blobs_is_refused() -> None:
    """As it stands in a block it can be imported, not sent."""
    raw = sign(b"\x01" * 32)
    assert decode_included(raw).blob_gas == 131_072
    with pytest.raises(BadTransaction, match="without its blobs; send the network form"):
        decode_transaction(raw)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ([[], [], []], "a sidecar has 3 lists, 2 given"),
        ([[], [], [], [], [], []], "a sidecar has 3 lists, 5 given"),
        ([[], b"\x02", [], [], []], "sidecar version b'.x02' is not known"),
        ([[], [], [], [], []], "sidecar version"),
        ([[], [bytes(10)], [], []], "a blob has 131072 bytes"),
        ([[], [[]], [], []], "a blob has 131072 bytes"),
        ([[], [], [bytes(47)], []], "a commitment has 48 bytes"),
        ([[], [], [], [bytes(49)]], "a proof has 48 bytes"),
        ([[], b"", [], []], "blobs must be a list"),
        ([], "without its blobs"),
    ],
)
def test_forms_that_are_no_network_form_are_refused(parts: list[object], words: str) -> None:
    """Each refusal says what is missing."""
    with pytest.raises(BadTransaction, match=words):
        split_network_form(b"\x03" + bytes(rlp.encode(parts)))
    with pytest.raises(BadTransaction, match=f"at most {MAX_NETWORK_BYTES}"):
        decode_transaction(b"\x03" + bytes(MAX_NETWORK_BYTES))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (sign(b"\x01" * 31), "versioned hash of 31 bytes"),
        (sign(b"\x01" * 32, value=2**256), "value does not fit 256 bits"),
        (sign(b"\x01" * 32, blob_fee=2**256), "max_fee_per_blob_gas does not fit 256 bits"),
        (sign(b"\x01" * 32, gas=2**64), "gas does not fit 64 bits"),
        (sign(b"\x01" * 32, nonce=2**64), "nonce has max value"),
        (sign(b"\x01" * 32, gas=20_999), "intrinsic gas too low"),
    ],
)
def test_fields_out_of_range_are_refused(raw: bytes, words: str) -> None:
    """py-evm asks nothing of the fields of a blob transaction."""
    with pytest.raises(BadTransaction, match=words):
        decode_included(raw)
