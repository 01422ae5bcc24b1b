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
