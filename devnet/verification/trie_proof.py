"""Proofs of the state: what a Merkle-Patricia trie says at a key, given the nodes on the way to it.

Written apart from the trie that makes proofs. A proof has the nodes from the root on in order, each
once, and no others. Source: Yellow Paper, appendices B to D; EIP-1186.
"""

from collections.abc import Iterator, Sequence

from devnet.errors import BadProof
from precompiles.digest import compute_keccak

_HASH_BYTES = 32
_PATH_NIBBLES = 64  # keys are hashes
_STRING, _LONG_STRING, _LIST, _LONG_LIST = 0x80, 0xB8, 0xC0, 0xF8


def read_storage_root(state_root: bytes, address: bytes, nodes: Sequence[bytes]) -> bytes:
    """Root of an account's storage.

    Raises: BadProof if the proof does not hold, or says that there is no such account.
    """
    encoded = read_value(state_root, address, nodes)
    if not encoded:
        raise BadProof(f"the state has no account 0x{address.hex()}")
    fields = _split_list(encoded)
    if len(fields) != 4:
        raise BadProof(f"an account of {len(fields)} fields, not 4")
    root = _read_string(fields[2])
    if len(root) != _HASH_BYTES:
        raise BadProof("an account's storage root is not 32 bytes")
    return root


def read_word(storage_root: bytes, slot: int, nodes: Sequence[bytes]) -> int:
    """A word of storage, zero if there is none. Raises: BadProof."""
    encoded = read_value(storage_root, slot.to_bytes(32, "big"), nodes)
    word = _read_string(encoded) if encoded else b""
    if len(word) > _HASH_BYTES or word[:1] == b"\0":
        raise BadProof("a word of storage is not a number of at most 32 bytes")
    return int.from_bytes(word, "big")


def read_value(root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes:
    """What a trie has under the hash of a key, nothing if it has nothing. Raises: BadProof."""
    path = compute_keccak(key).hex()
    step = 0  # nibbles of the path that are behind
    rest = iter(nodes)
    node = _take(rest, root)
    while True:
        items = _split_list(node)
        if len(items) == 17 and step < _PATH_NIBBLES:
            item = items[int(path[step], 16)]
            step += 1
        elif len(items) == 2:
            part, is_leaf = _read_path(items[0])
            if is_leaf:
                _finish(rest)
                return _read_string(items[1]) if part == path[step:] else b""
            if not part or not path[step:].startswith(part):
                _finish(rest)
                return b""
            item = items[1]
            step += len(part)
        else:
            raise BadProof(f"a node of {len(items)} items where the path has {step} nibbles")
        if item[0] >= _LIST:  # shorter than a hash: it stands in its parent
            node = item
            continue
        reference = _read_string(item)
        if not reference:
            _finish(rest)
            return b""
        node = _take(rest, reference)


def _take(nodes: Iterator[bytes], reference: bytes) -> bytes:
    node = next(nodes, b"")
    if not node:
        raise BadProof("the proof ends before its key")
    if compute_keccak(node) != reference:
        raise BadProof(f"a node does not have the hash 0x{reference.hex()} that its parent names")
    return node


def _finish(nodes: Iterator[bytes]) -> None:
    if next(nodes, None) is not None:
        raise BadProof("the proof has more nodes than lead to its key")


def _read_path(item: bytes) -> tuple[str, bool]:
    """Nibbles of a hex-prefix path as hex digits, and whether it is a leaf's."""
    flagged = _read_string(item).hex()
    flag = flagged[:1]
    if flag not in ("0", "1", "2", "3") or (flag in "02" and flagged[1] != "0"):
        raise BadProof("a path is not in hex-prefix form")
    return flagged[1 if flag in "13" else 2 :], flag in "23"


def _split_list(encoded: bytes) -> list[bytes]:
    """The items of an RLP list, still encoded."""
    start, end = _measure(encoded, 0)
    if encoded[0] < _LIST or end != len(encoded):
        raise BadProof("a node is not one RLP list")
    items = []
    while start < end:
        _, following = _measure(encoded, start)
        items.append(encoded[start:following])
        start = following
    if start != end:
        raise BadProof("an RLP item is longer than its list")
    return items


def _read_string(encoded: bytes) -> bytes:
    """The bytes of one RLP string."""
    start, end = _measure(encoded, 0)
    if encoded[0] >= _LIST or end != len(encoded):
        raise BadProof("an RLP item is not one string")
    return encoded[start:end]


def _measure(encoded: bytes, at: int) -> tuple[int, int]:
    """Where the payload of an item begins and ends; only its shortest form is taken."""
    if at >= len(encoded):
        raise BadProof("an RLP item is missing")
    first = encoded[at]
    if first < _STRING:
        return at, at + 1
    is_list = first >= _LIST
    short, long = (_LIST, _LONG_LIST) if is_list else (_STRING, _LONG_STRING)
    start, length = at + 1, first - short
    if first >= long:
        start = at + 2 + first - long
        size = encoded[at + 1 : start]
        length = int.from_bytes(size, "big")
        if length < long - short or size[:1] == b"\0":
            raise BadProof("an RLP length is not in its shortest form")
    if start + length > len(encoded):
        raise BadProof("an RLP item ends after its node")
    if not is_list and length == 1 and encoded[start] < _STRING:
        raise BadProof("an RLP byte is not in its shortest form")
    return start, start + length
