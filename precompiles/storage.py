"""Bytes, lists and names in contract storage, as our registry keeps them.

bytes at s:  s = length, s + 1 ... = data, 32 bytes a slot
list at s:   s = count,  s + 1 ... = words
"""

from collections.abc import Iterator

from precompiles.digest import compute_keccak
from precompiles.interface import Address, StateView, StorageReader

_WORD = 32


def compute_slot(kind: bytes, key: bytes = b"") -> int:
    """First slot of a thing: hashed, so no two overlap."""
    return int.from_bytes(compute_keccak(kind + b"/" + key), "big")


def count_words(data: bytes) -> int:
    """Slots that the data takes, its length not counted."""
    return -(-len(data) // _WORD)


def write_bytes(state: StateView, slot: int, data: bytes) -> None:
    state.store(slot, len(data))
    for index in range(count_words(data)):
        word = data[index * _WORD : (index + 1) * _WORD]
        state.store(slot + 1 + index, int.from_bytes(word.ljust(_WORD, b"\0"), "big"))


def read_bytes(state: StorageReader, address: Address, slot: int) -> bytes:
    length = state.load(address, slot)
    words = range(-(-length // _WORD))
    data = b"".join(state.load(address, slot + 1 + i).to_bytes(_WORD, "big") for i in words)
    return data[:length]


def append_word(state: StateView, address: Address, slot: int, word: bytes) -> None:
    count = state.load(address, slot)
    state.store(slot, count + 1)
    state.store(slot + 1 + count, int.from_bytes(word, "big"))


def read_list(state: StorageReader, address: Address, slot: int) -> Iterator[bytes]:
    for index in range(state.load(address, slot)):
        yield state.load(address, slot + 1 + index).to_bytes(_WORD, "big")
