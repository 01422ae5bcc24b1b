"""What a trie proves: roots of lists, and proofs that a value is or is not in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from devnet.chain.state.account import BLANK, Account
from devnet.chain.state.encoding import (
    compute_address_path,
    compute_slot_path,
    encode_number,
    split_nibbles,
)
from devnet.chain.state.node import Node
from devnet.chain.state.trie import EMPTY

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class WordProof:
    """A storage word and its proof against the storage root."""

    slot: int
    word: int
    nodes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class AccountProof:
    """An account, blank if there is none, and its proof against the state root."""

    account: Account
    nodes: tuple[bytes, ...]
    words: tuple[WordProof, ...]


def prove_account(state: Node[Account], address: bytes, slots: Sequence[int]) -> AccountProof:
    """The proofs of `eth_getProof` (EIP-1186)."""
    path = compute_address_path(address)
    account = state.get(path) or BLANK
    return AccountProof(
        account,
        build_proof(state, path),
        tuple(_prove_word(account.storage, slot) for slot in slots),
    )


def _prove_word(storage: Node[int], slot: int) -> WordProof:
    path = compute_slot_path(slot)
    return WordProof(slot, storage.get(path) or 0, build_proof(storage, path))


def build_proof(trie: Node[Any], path: bytes) -> tuple[bytes, ...]:
    """Encoded nodes from the root towards a path.

    They prove the value, or that there is none. A node shorter than a hash stands in its parent.
    """
    encoded = [node.encode() for node in trie.walk(path)]
    return tuple(node for n, node in enumerate(encoded) if n == 0 or len(node) >= _HASH_BYTES)


def compute_list_root(items: Sequence[bytes]) -> bytes:
    """Root of the trie from index to item: of a block's transactions, receipts or withdrawals."""
    trie: Node[bytes] = EMPTY
    for index, item in enumerate(items):
        trie = trie.put(split_nibbles(encode_number(index)), item, item)
    return trie.root
