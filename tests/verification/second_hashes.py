"""Sections 3, 4 and 6 to 8 of the format for `second_reader`: what is hashed and signed."""

from typing import Any

from coincurve import PublicKey
from sha3 import keccak_256

from tests.verification.second_shape import HEADER_FIELDS, RECEIPT_FIELDS

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
HEADER, RECEIPT = tuple(dict(HEADER_FIELDS)), tuple(RECEIPT_FIELDS)


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def word(value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return (raw(value) if isinstance(value, str) else value).rjust(32, b"\0")


def keccak(data: bytes) -> bytes:
    digest: bytes = keccak_256(data).digest()
    return digest


# sections 3 and 4


def rlp(data: bytes, base: int = 0x80) -> bytes:
    if base == 0x80 and len(data) == 1 and data[0] < 0x80:
        return data
    if len(data) < 56:
        return bytes([base + len(data)]) + data
    size = len(data).to_bytes((len(data).bit_length() + 7) // 8, "big")
    return bytes([base + 55 + len(size)]) + size + data


def hash_header(header: Any) -> bytes:
    items = []
    for name in HEADER[: len(header)]:
        value = header[name]
        short = value.to_bytes((value.bit_length() + 7) // 8, "big") if type(value) is int else None
        items.append(rlp(raw(value) if short is None else short))
    return keccak(rlp(b"".join(items), 0xC0))


def hash_set(members: Any) -> bytes:
    return keccak(b"".join(word(m["address"]) + word(m["power"]) for m in members))


def is_certified(chain_id: int, block: Any) -> bool:
    certificate, members = block["certificate"], block["validators"]
    height, powers = block["header"]["number"], {m["address"]: m["power"] for m in members}
    if certificate["height"] != height or not any(raw(certificate["blockHash"])):
        return False
    voters = [vote["validator"] for vote in certificate["votes"]]
    for vote in certificate["votes"]:
        digest = keccak(
            keccak(b"devnet.vote.v1")
            + word(chain_id)
            + word(height)
            + word(certificate["round"])
            + raw(certificate["blockHash"])
            + hash_set(members)
            + raw(vote["fingerprint"])
            + word(2)
        )
        if vote["validator"] not in powers or find_signer(vote, digest) != raw(vote["validator"]):
            return False
    if voters != [address for address in powers if address in voters]:
        return False  # out of order, or twice
    return bool(3 * sum(powers[v] for v in voters) > 2 * sum(powers.values()))


def find_signer(vote: Any, digest: bytes) -> bytes:
    signature = raw(vote["signature"])
    if int.from_bytes(signature[32:64], "big") > HALF_ORDER or signature[64] > 1:
        return b""
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:
        return b""
    return keccak(key.format(compressed=False)[1:])[12:]


# sections 6 to 8


def climb(content: bytes, path: Any) -> bytes | None:
    index, count, siblings = path["index"], path["count"], [raw(s) for s in path["siblings"]]
    if index >= count:
        return None
    sides, n = [], count
    while n > 1:
        left = 1 << (n - 1).bit_length() - 1
        sides.append(index < left)
        index, n = (index, left) if index < left else (index - left, n - left)
    if len(sides) != len(siblings):
        return None
    top = keccak(b"\0" + content)
    for sibling, is_left in zip(siblings, reversed(sides), strict=True):
        top = keccak(b"\1" + (top + sibling if is_left else sibling + top))
    return keccak(b"\2" + count.to_bytes(8, "big") + top)


def encode_tensors(tensors: Any) -> bytes:
    offsets, bodies, at = b"", b"", 32 * len(tensors)
    for tensor in tensors:
        shape, data = tensor["shape"], raw(tensor["data"])
        head = [tensor["dtype"], 96, 128 + 32 * len(shape), len(shape), *shape, len(data)]
        body = b"".join(map(word, head)) + data + bytes(-len(data) % 32)
        offsets, bodies, at = offsets + word(at), bodies + body, at + len(body)
    return word(32) + word(len(tensors)) + offsets + bodies


def encode_map(description: dict[str, str]) -> bytes:
    def head(kind: int, n: int) -> bytes:
        if n < 24:
            return bytes([kind + n])
        return bytes([kind + 24, n]) if n < 256 else bytes([kind + 25]) + n.to_bytes(2, "big")

    def text(value: str) -> bytes:
        return head(0x60, len(value)) + value.encode()

    keys = sorted(description, key=lambda name: (len(name), name))
    return head(0xA0, len(keys)) + b"".join(text(k) + text(description[k]) for k in keys)
