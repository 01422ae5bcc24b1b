"""RLP of strings, numbers and lists, and trie paths: one nibble a byte inside, two in an encoding.

Source: Yellow Paper, appendices B (RLP) and C (hex-prefix).
"""

from functools import lru_cache

from precompiles.digest import compute_keccak

EMPTY_STRING = b"\x80"  # RLP of b"" and of 0
_NIBBLES = bytes.maketrans(b"0123456789abcdef", bytes(range(16)))
_STRING, _LIST = 0x80, 0xC0
_SHORT = 56  # bytes from which a length stands by itself
_CACHED = 2**14  # paths, some 250 bytes each


def encode_string(data: bytes) -> bytes:
    """RLP of a byte string."""
    if len(data) == 1 and data[0] < _STRING:
        return data
    return _encode_length(len(data), _STRING) + data


def encode_number(number: int) -> bytes:
    """RLP of a number that is not negative."""
    return encode_string(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def encode_list(payload: bytes) -> bytes:
    """RLP of a list whose items are encoded and joined already."""
    return _encode_length(len(payload), _LIST) + payload


def encode_path(path: bytes, is_leaf: bool) -> bytes:
    """Hex-prefix form of a path: a flag for the kind of node and the parity, then the nibbles."""
    flag = 2 * is_leaf + len(path) % 2
    flagged = bytes((flag,)) + path if flag % 2 else bytes((flag, 0)) + path
    return bytes.fromhex(flagged.hex()[1::2])


def split_nibbles(key: bytes) -> bytes:
    """Path of a key."""
    return key.hex().encode().translate(_NIBBLES)


def join_nibbles(path: bytes) -> bytes:
    """Key of a path, its inverse."""
    return bytes.fromhex(path.hex()[1::2])


def decode_list(encoded: bytes) -> list[bytes]:
    """The items of an RLP list of our own making, still encoded."""
    items = []
    position, end = _find_payload(encoded, 0)
    while position < end:
        _, following = _find_payload(encoded, position)
        items.append(encoded[position:following])
        position = following
    return items


def decode_string(encoded: bytes) -> bytes:
    """The byte string of one RLP item of our own making."""
    start, end = _find_payload(encoded, 0)
    return encoded[start:end]


def get_payload(encoded: bytes, position: int) -> bytes:
    """What is inside the item that begins at a position."""
    start, end = _find_payload(encoded, position)
    return encoded[start:end]


def decode_number(data: bytes) -> int:
    """The number of an RLP string."""
    return int.from_bytes(data, "big")


def decode_path(flagged: bytes) -> tuple[bytes, bool]:
    """Path and whether it is a leaf's, of the hex-prefix form."""
    nibbles = split_nibbles(flagged)
    return nibbles[1 if nibbles[0] % 2 else 2 :], nibbles[0] >= 2


@lru_cache(_CACHED)
def compute_address_path(address: bytes) -> bytes:
    """Path of an account in the state trie."""
    return split_nibbles(compute_keccak(address))


@lru_cache(_CACHED)
def compute_slot_path(slot: int) -> bytes:
    """Path of a word in a storage trie."""
    return split_nibbles(compute_keccak(slot.to_bytes(32, "big")))


def _encode_length(length: int, offset: int) -> bytes:
    if length < _SHORT:
        return bytes((offset + length,))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((offset + _SHORT - 1 + len(size),)) + size


def _find_payload(encoded: bytes, position: int) -> tuple[int, int]:
    """Where the payload of the item at a position begins and ends."""
    first = encoded[position]
    if first < _STRING:
        return position, position + 1
    length = first - (_LIST if first >= _LIST else _STRING)
    start = position + 1
    if length >= _SHORT:
        start += length - _SHORT + 1
        length = int.from_bytes(encoded[position + 1 : start], "big")
    return start, start + length
