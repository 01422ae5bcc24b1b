"""List roots and proofs are what py-evm's trie makes and accepts."""

from __future__ import annotations

import random
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st
from trie.exceptions import BadTrieProof
from trie.hexary import HexaryTrie

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.state.account import BLANK, NO_CODE, encode_account
from devnet.chain.state.encoding import split_nibbles
from devnet.chain.state.node import Node
from devnet.chain.state.proof import build_proof, compute_list_root
from devnet.chain.state.trie import EMPTY
from devnet.chain.world import World
from precompiles.digest import compute_keccak

HELD = bytes.fromhex("aa" * 20)
FREE = bytes.fromhex("bb" * 20)


def compute_oracle_root(items: list[bytes]) -> bytes:
    """The root over a list, by py-evm's trie."""
    trie = HexaryTrie({})
    for index, item in enumerate(items):
        trie[rlp.encode(index)] = item
    root: bytes = trie.root_hash
    return root


def verify(root: bytes, key: bytes, proof: tuple[bytes, ...]) -> bytes:
    """What py-evm's trie reads from nothing but the proof."""
    nodes = [rlp.decode(node) for node in proof]
    trie: Any = HexaryTrie
    value: bytes = trie.get_from_proof(root, key, nodes)
    return value


@given(items=st.lists(st.binary(min_size=1, max_size=60), max_size=20))
def test_list_roots_are_those_of_py_evm(items: list[bytes]) -> None:
    """Short items too, whose leaves stand inside the branch."""
    assert compute_list_root(items) == compute_oracle_root(items)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 17, 127, 128, 129, 255, 256, 257, 300])
@pytest.mark.parametrize("size", [1, 200])
def test_list_roots_hold_where_keys_change_length(count: int, size: int) -> None:
    """The leaf of item 0 in a longer list has a path of one byte, which takes no prefix in RLP."""
    items = [bytes([n % 251 + 1]) * size for n in range(count)]
    assert compute_list_root(items) == compute_oracle_root(items)


@given(
    content=st.dictionaries(st.binary(min_size=1, max_size=3), st.binary(min_size=1), max_size=20),
    key=st.binary(min_size=1, max_size=3),
)
def test_proofs_convince_py_evm(content: dict[bytes, bytes], key: bytes) -> None:
    """Of what is there and of what is not; a proof of nothing is empty."""
    trie: Node[bytes] = EMPTY
    for name, value in content.items():
        trie = trie.put(split_nibbles(name), value, value)
    for name in [key, *content]:
        proof = build_proof(trie, split_nibbles(name))
        assert verify(trie.root, name, proof) == content.get(name, b"")
        assert len(proof) == len(set(proof))
    assert build_proof(EMPTY, b"") == ()


def test_proof_holds_no_node_too_many_or_too_few() -> None:
    """Without any of its nodes, or with one changed, a proof proves nothing."""
    draw = random.Random(0)
    keys = [draw.randbytes(32) for _ in range(300)]
    trie: Node[bytes] = EMPTY
    for key in keys:
        trie = trie.put(split_nibbles(key), key, key)
    proof = build_proof(trie, split_nibbles(keys[0]))
    assert len(proof) >= 3
    for index in range(1, len(proof)):
        with pytest.raises(BadTrieProof):
            verify(trie.root, keys[0], proof[:index] + proof[index + 1 :])


def test_accounts_and_words_are_proven_against_the_state_root(world: World, header: Header) -> None:
    """EIP-1186: a caller with the root alone checks account, storage root and words."""
    state = world.open_empty(header)
    state.set_balance(HELD, 7)
    for slot in range(50):
        state.set_storage(HELD, slot, slot + 1000)
    state.set_balance(bytes(20), 1)
    state.persist()
    proof = world.prove(state.state_root, HELD, (3, 99))
    account = verify(state.state_root, compute_keccak(HELD), proof.nodes)
    assert account == encode_account(proof.account)
    assert rlp.decode(account) == [b"", b"\7", proof.account.storage.root, NO_CODE]
    for word, expected in zip(proof.words, (1003, 0), strict=True):
        key = compute_keccak(word.slot.to_bytes(32, "big"))
        found = verify(proof.account.storage.root, key, word.nodes)
        assert word.word == expected
        assert found == (rlp.encode(expected) if expected else b"")


def test_absence_of_an_account_is_proven_too(world: World, header: Header) -> None:
    """The account is blank, and its words have an empty proof."""
    state = world.open_empty(header)
    state.set_balance(HELD, 7)
    state.persist()
    proof = world.prove(state.state_root, FREE, (1,))
    assert verify(state.state_root, compute_keccak(FREE), proof.nodes) == b""
    assert proof.account == BLANK
    assert (proof.words[0].word, proof.words[0].nodes) == (0, ())
    assert world.prove(EMPTY_TRIE_ROOT, FREE).nodes == ()
