"""The persistent trie agrees with py-evm's after every step, and old versions never change."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trie.hexary import HexaryTrie

from devnet.chain.state.encoding import split_nibbles
from devnet.chain.state.node import Node
from devnet.chain.state.trie import EMPTY, Branch, Extension, Leaf

SEQUENCES = int(os.environ.get("DEVNET_SEQUENCES", "1000"))  # 100,000 takes minutes
SHORT = st.binary(max_size=3).map(lambda key: bytes(byte % 3 * 0x11 for byte in key))
KEYS = st.one_of(SHORT, st.binary(max_size=4), st.binary(min_size=32, max_size=32))
VALUES = st.one_of(st.binary(min_size=1, max_size=2), st.binary(min_size=1, max_size=70))


def put(trie: Node[bytes], key: bytes, value: bytes) -> Node[bytes]:
    """The trie with a value that is its own encoding."""
    return trie.put(split_nibbles(key), value, value)


def build(content: dict[bytes, bytes]) -> Node[bytes]:
    """The trie of a dictionary."""
    trie: Node[bytes] = EMPTY
    for key, value in content.items():
        trie = put(trie, key, value)
    return trie


def count_new(new: Node[bytes], old: Node[bytes]) -> int:
    """Nodes of one trie that the other does not have."""
    known, pending = set(), [old]
    while pending:
        node = pending.pop()
        known.add(id(node))
        pending += [child for _, child in node.get_children()]
    found, pending = 0, [new]
    while pending:
        node = pending.pop()
        if id(node) not in known:
            found += 1
            pending += [child for _, child in node.get_children()]
    return found


@given(steps=st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=30), data=st.data())
def test_every_step_gives_the_root_of_py_evm(
    steps: list[tuple[bytes, bytes | None]], data: st.DataObject
) -> None:
    """Puts, replacements and deletions, keys that begin one another included."""
    oracle: Any = HexaryTrie({})
    trie, content = build({}), dict[bytes, bytes]()
    for key, value in steps:
        if value is None and content and data.draw(st.booleans()):
            key = data.draw(st.sampled_from(sorted(content)))
        if value is None:
            trie = trie.delete(split_nibbles(key))
            content.pop(key, None)
            del oracle[key]
        else:
            trie = put(trie, key, value)
            content[key] = oracle[key] = value
        assert trie.root == oracle.root_hash
        assert trie.get(split_nibbles(key)) == value
    assert dict(trie.iterate()) == {split_nibbles(key): content[key] for key in content}
    assert build(content).root == trie.root


@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(SEQUENCES), id="few"),
        pytest.param(range(SEQUENCES, SEQUENCES + 30_000), id="many", marks=pytest.mark.slow),
    ],
)
def test_random_sequences_agree_with_py_evm(seeds: range) -> None:
    """Many sequences of steps over few keys, which make branches, extensions and collapses."""
    for seed in seeds:
        draw = random.Random(seed)
        length = draw.choice((1, 2, 3, 32))
        keys = [draw.randbytes(length) for _ in range(draw.randint(1, 12))]
        keys += [key[:-1] + bytes([key[-1] ^ draw.choice((1, 16))]) for key in keys]
        oracle: Any = HexaryTrie({}, prune=True)
        trie = build({})
        for _ in range(draw.randint(1, 24)):
            key = draw.choice(keys)
            if draw.random() < 0.4:
                trie = trie.delete(split_nibbles(key))
                del oracle[key]
            else:
                value = draw.randbytes(draw.choice((1, 2, 31, 32, 33, 110)))
                trie = put(trie, key, value)
                oracle[key] = value
        assert trie.root == oracle.root_hash, f"seed {seed}"
        for key in keys:
            assert (trie.get(split_nibbles(key)) or b"") == oracle[key], f"seed {seed}"


@given(content=st.dictionaries(KEYS, VALUES, min_size=1, max_size=12), data=st.data())
def test_old_versions_stay_as_they_were(content: dict[bytes, bytes], data: st.DataObject) -> None:
    """Whatever is done to a trie, whoever holds it sees no change, hashed before or not."""
    old = build(content)
    before = dict(old.iterate())
    if data.draw(st.booleans()):
        assert old.root
    for key in data.draw(st.lists(KEYS | st.sampled_from(sorted(content)), max_size=6)):
        old.delete(split_nibbles(key))
        put(old, key, b"new")
        put(old.delete(split_nibbles(key)), key, b"newer")
    assert dict(old.iterate()) == before
    assert old.root == build(content).root


def test_update_shares_all_but_the_way_to_it() -> None:
    """In a trie of 4,096 values a change makes a handful of nodes."""
    draw = random.Random(0)
    old = build({draw.randbytes(32): draw.randbytes(8) for _ in range(4096)})
    new = put(old, draw.randbytes(32), b"value")
    assert count_new(new, old) < 8
    assert count_new(new.delete(next(iter(new.iterate()))[0]), new) < 8


def test_putting_what_is_there_or_deleting_what_is_not_changes_nothing() -> None:
    """Such an update costs no node and no hash."""
    trie = build({bytes([n]) * 2: bytes([n + 1]) for n in range(40)})
    trie = put(put(trie, b"", b"at the root"), b"\x05", b"at a branch")
    for path, value in trie.iterate():
        assert trie.put(path, value, value) is trie
    for key in (b"\x05\x06", b"\x05\x05\x05", b"\xff\xff", b"\x07"):
        assert trie.delete(split_nibbles(key)) is trie
    assert EMPTY.delete(b"\1") is EMPTY


def test_iteration_is_in_order_of_the_path() -> None:
    """A path comes before those it begins."""
    keys = [b"", b"\0", b"\0\0", b"\0\1", b"\1", b"\x10", b"\x10\xff", b"\xff"]
    shuffled = random.Random(1).sample(keys, len(keys))
    trie = build({key: key + b"!" for key in shuffled})
    assert list(trie.iterate()) == [(split_nibbles(key), key + b"!") for key in keys]


@pytest.mark.parametrize(
    ("gone", "left", "kind"),
    [
        ([b"\x12\x35"], [b"\x12\x34"], Leaf),  # a branch of two becomes a leaf
        ([b"\x20"], [b"\x12\x34", b"\x12\x56"], Extension),  # ... a longer extension
        ([b"\x12"], [b"\x12\x34", b"\x12\x56"], Extension),  # ... a branch without its value
        ([b"\x12\x34", b"\x12\x56"], [b"\x12"], Leaf),  # ... a leaf of the value alone
        ([b"\x20"], [b"\x10", b"\x30"], Branch),  # two are left: nothing collapses
    ],
)
def test_deletion_collapses_to_the_least_form(
    gone: list[bytes], left: list[bytes], kind: type[Node[bytes]]
) -> None:
    """The form is the one that building from what is left gives."""
    trie = build(dict.fromkeys(gone + left, b"v"))
    for key in gone:
        trie = trie.delete(split_nibbles(key))
    assert type(trie) is kind
    assert trie.root == build(dict.fromkeys(left, b"v")).root
