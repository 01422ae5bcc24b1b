"""Section 5 of the format for `second_reader`: from the genesis set to the one that signs."""

import re
from typing import Any

from tests.verification.second_hashes import (
    hash_header,
    hash_set,
    is_certified,
    keccak,
    raw,
    word,
)
from tests.verification.second_shape import Bad

STAKING = bytes(18) + b"\x10\x00"


def follow(b: Any) -> list[bytes]:
    """The sets that may be trusted: of what follows, none is the word of a set before."""
    base = int.from_bytes(keccak(word(3)), "big")
    sets = [(0, hash_set((b["changes"] or [b])[0]["validators"]))]
    known, last, vouching = 1, 0, []
    for change in b["changes"]:
        h = change["header"]["number"]
        in_force = [found for first, found in sets if first <= h][-1]
        need(h > last and hash_set(change["validators"]) == in_force)
        need(hash_header(change["header"]) == raw(change["certificate"]["blockHash"]))
        need(is_certified(b["chainId"], change))
        latest, length, first = prove(change, [0, 3, base + 2 * known + 1])
        need(first == h + 2 and known < length < 2**32)
        if h >= sets[-1][0]:
            vouching.append(sets[-1][1])
        sets.append((first, word(latest)))
        known, last = length, h
    n = b["header"]["number"]
    need(sets[-1][0] <= n and hash_set(b["validators"]) == sets[-1][1])
    (following,) = prove(b, [base + 2 * known + 1])
    need(following == 0 or following > n)
    return [*vouching, sets[-1][1]]


def need(holds: bool) -> None:
    if not holds:
        raise Bad("succession")


def prove(block: Any, slots: list[int]) -> list[int]:
    proof = block["stateProof"]
    need(len(proof["words"]) == len(slots))
    account = walk(raw(block["header"]["stateRoot"]), STAKING, proof["account"])
    fields = split(account)
    need(len(fields) == 4 and len(fields[2]) == 33)
    words = []
    for slot, nodes in zip(slots, proof["words"], strict=True):
        value = string(walk(string(fields[2]), word(slot), nodes) or b"\x80")
        need(len(value) <= 32 and value[:1] != b"\0")
        words.append(int.from_bytes(value, "big"))
    return words


def walk(root: bytes, key: bytes, nodes: list[str]) -> bytes:
    rest, path, wanted = [raw(node) for node in nodes], keccak(key).hex(), root
    node = b""
    while True:
        if not node:
            need(bool(rest) and keccak(rest[0]) == wanted)
            node = rest.pop(0)
        items = split(node)
        need(len(items) in (2, 17) and (len(items) == 2 or bool(path)))
        if len(items) == 2:
            prefix = string(items[0]).hex()
            need(bool(re.match("[13]|[02]0", prefix)))
            part, leaf = prefix[2 - int(prefix[0]) % 2 :], prefix[0] in "23"
            if leaf or not part or not path.startswith(part):
                need(not rest)
                return string(items[1]) if leaf and part == path else b""
            item, path = items[1], path[len(part) :]
        else:
            item, path = items[int(path[0], 16)], path[1:]
        node = item if item[0] >= 0xC0 else b""
        if not node:
            wanted = string(item)
            if not wanted:
                need(not rest)
                return b""


def measure(data: bytes, at: int) -> tuple[int, int, int]:
    """Kind (0x80 or 0xc0), start and end of an RLP item in its shortest form."""
    need(at < len(data))
    if data[at] < 0x80:
        return 0x80, at, at + 1
    kind = 0xC0 if data[at] >= 0xC0 else 0x80
    start, length = at + 1, data[at] - kind
    if length > 55:
        start, size = at + 1 + length - 55, data[at + 1 : at + 1 + length - 55]
        length = int.from_bytes(size, "big")
        need(length > 55 and size[0] != 0)
    need(start + length <= len(data))
    need(kind == 0xC0 or length != 1 or data[start] >= 0x80)
    return kind, start, start + length


def split(data: bytes) -> list[bytes]:
    kind, at, end = measure(data, 0)
    need(kind == 0xC0 and end == len(data))
    items = []
    while at < end:
        following = measure(data, at)[2]
        items.append(data[at:following])
        at = following
    need(at == end)
    return items


def string(data: bytes) -> bytes:
    kind, start, end = measure(data, 0)
    need(kind == 0x80 and end == len(data))
    return data[start:end]
