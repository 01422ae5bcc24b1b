"""Hashes: keccak for what contracts recompute, SHA-256 for model ids, CIDv1 as their text."""

import base64
import hashlib

from sha3 import keccak_256

_CID_V1_RAW_SHA256 = bytes.fromhex("01551220")  # version 1, raw codec, sha2-256, 32 bytes


def compute_keccak(data: bytes) -> bytes:
    """Keccak-256 as the EVM's opcode computes it."""
    digest: bytes = keccak_256(data).digest()
    return digest


def compute_model_id(model: bytes) -> bytes:
    """SHA-256 of the model's bytes: its name everywhere."""
    return hashlib.sha256(model).digest()


def encode_cid(model_id: bytes) -> str:
    """The id as CIDv1 (raw codec, sha2-256), base32 lower case: what IPFS tools print."""
    text = base64.b32encode(_CID_V1_RAW_SHA256 + model_id).decode().lower().rstrip("=")
    return "b" + text


def decode_cid(cid: str) -> bytes:
    """The id in a CIDv1 text.

    Raises: ValueError if the text is not a raw sha2-256 CIDv1 in base32.
    """
    body = cid[1:].upper()
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError as broken:
        raise ValueError(f"{cid!r} is not base32: {broken}") from broken
    if len(raw) != 36 or encode_cid(raw[4:]) != cid:
        raise ValueError(f"{cid!r} is not a CIDv1 with raw codec and sha2-256")
    return raw[4:]
