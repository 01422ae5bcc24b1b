"""A second verifier, written from `devnet/verification/FORMAT.md` alone: all steps but `execution`.

Knows JSON, Keccak-256, SHA-256 and secp256k1, and nothing of devnet.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.verification.second_hashes import (
    RECEIPT,
    climb,
    encode_map,
    encode_tensors,
    hash_header,
    is_certified,
    keccak,
    raw,
    word,
)
from tests.verification.second_shape import Bad, check_shape, is_deep
from tests.verification.second_succession import follow


def check(text: str, model: bytes, trust: str | None) -> list[list[str]]:
    """The steps of section 9 as [name, mark], up to `model`."""
    try:
        bundle = load(text)
        check_shape(bundle)
    except (Bad, ValueError):
        return [["bundle", "fails"]]
    return [[name, mark] for name, mark in list_steps(bundle, model, trust)]


def load(text: str) -> Any:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) != len(pairs):
            raise Bad("twice")
        return dict(pairs)

    def refuse(_: str) -> Any:
        raise Bad("no number of a bundle")

    def read(number: str) -> int:
        return refuse(number) if number[0] == "-" else int(number)

    if is_deep(text):
        raise Bad("too deep")
    return json.loads(
        text, object_pairs_hook=build, parse_float=refuse, parse_constant=refuse, parse_int=read
    )


def list_steps(b: Any, model: bytes, trust: str | None) -> Iterator[tuple[str, str]]:
    header, certificate, receipt = b["header"], b["certificate"], b["receipt"]
    yield "validator set", mark(succeeds(b, trust))
    yield "block header", mark(hash_header(header) == raw(certificate["blockHash"]))
    yield "signatures", mark(is_certified(b["chainId"], b))
    said = [(e["fingerprint"], e["description"]) for e in b["engines"]]
    if any(d is not None and keccak(encode_map(d)) != raw(f) for f, d in said):
        yield "engines", "fails"
    else:
        yield "engines", "unknown" if any(d is None for _, d in said) else "holds"
    root = climb(b"".join(word(receipt[name]) for name in RECEIPT), b["path"])
    same = receipt["blockNumber"] == header["number"]
    yield "inference receipt", mark(same and root == raw(header["extraData"]))
    yield "input", mark(keccak(encode_tensors(b["inputs"])) == raw(receipt["inputDigest"]))
    yield "output", mark(keccak(encode_tensors(b["outputs"])) == raw(receipt["outputDigest"]))
    for _ in b.get("attachments", ()):
        yield "attachment", "unknown"
    yield "model", mark(hashlib.sha256(model).digest() == raw(receipt["modelId"]))


def mark(holds: bool) -> str:
    return "holds" if holds else "fails"


def succeeds(b: Any, trust: str | None) -> bool:
    try:
        hashes = follow(b)
    except Bad:
        return False
    return trust is None or raw(trust) in hashes
