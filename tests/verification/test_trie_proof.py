"""Trie proofs: what the state's own trie proves is read back, and nothing else is."""

import random

import pytest

from devnet.chain.state.account import Account, encode_account
from devnet.chain.state.encoding import compute_address_path, compute_slot_path, encode_number
from devnet.chain.state.node import Node
from devnet.chain.state.proof import prove_account
from devnet.chain.state.trie import EMPTY
from devnet.errors import BadProof
from devnet.verification.trie_proof import read_storage_root, read_word
from precompiles.digest import compute_keccak

OWNER = bytes(19) + b"\x07"


def build_storage(words: dict[int, int]) -> Node[int]:
    storage: Node[int] = EMPTY
    for slot, word in words.items():
        storage = storage.put(compute_slot_path(slot), word, encode_number(word))
    return storage


def build_state(storage: Node[int], others: int) -> Node[Account]:
    state: Node[Account] = EMPTY
    accounts = {n.to_bytes(20, "big"): Account(1, n) for n in range(1_000, 1_000 + others)}
    for address, account in {**accounts, OWNER: Account(1, 5, storage)}.items():
        state = state.put(compute_address_path(address), account, encode_account(account))
    return state


@pytest.mark.parametrize("size", [1, 2, 3, 17, 300])
def test_words_that_are_there_and_that_are_not(size: int) -> None:
    """In tries of all shapes, small words, which stand in their parents, among them."""
    draw = random.Random(size)
    words = {slot: draw.choice([1, 2**255 + slot, slot + 1]) for slot in range(size)}
    state = build_state(build_storage(words), size)
    slots = [*words, *range(10_000, 10_050)]
    proof = prove_account(state, OWNER, slots)
    root = read_storage_root(state.root, OWNER, proof.nodes)
    for word in proof.words:
        assert read_word(root, word.slot, word.nodes) == words.get(word.slot, 0)


def test_an_account_that_is_not_there() -> None:
    """Says so, whether its path ends in a leaf of another or in nothing."""
    state = build_state(build_storage({1: 1}), 40)
    for number in range(1, 7):
        stranger = bytes(19) + bytes((number,))
        nodes = prove_account(state, stranger, ()).nodes
        with pytest.raises(BadProof, match="no account 0x0000"):
            read_storage_root(state.root, stranger, nodes)


def test_no_proof_can_be_changed() -> None:
    """Any byte, any node dropped, repeated, swapped, or of another key."""
    words = {slot: slot + 1 for slot in range(200)}
    state = build_state(build_storage(words), 10)
    proof = prove_account(state, OWNER, (3, 4))
    root = read_storage_root(state.root, OWNER, proof.nodes)
    mine, other = (word.nodes for word in proof.words)
    assert read_word(root, 3, mine) == 4
    draw = random.Random(0)
    broken = [mine[:-1], mine[1:], (*mine, mine[-1]), mine[::-1], other, (), (b"",)]
    for _ in range(300):
        index = draw.randrange(len(mine))
        node = bytearray(mine[index])
        node[draw.randrange(len(node))] ^= 1 << draw.randrange(8)
        broken.append((*mine[:index], bytes(node), *mine[index + 1 :]))
    for nodes in broken:
        with pytest.raises(BadProof):
            read_word(root, 3, nodes)


def test_nodes_of_a_forger_end_in_an_error_of_ours() -> None:
    """Whoever makes the root too can write any bytes as nodes."""
    draw = random.Random(1)
    for _ in range(3_000):
        node = draw.randbytes(draw.choice([0, 1, 2, 3, 33, 70, 600]))
        head = draw.choice(
            [b"", b"\xc2\x80\x80", b"\xf8", b"\xc0", b"\xe2\xa0", b"\xc3\x81\x20\x01"]
        )
        node = head + node
        try:
            read_word(compute_keccak(node), 1, (node,))
        except BadProof:
            continue
