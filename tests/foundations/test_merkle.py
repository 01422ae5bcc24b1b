"""Merkle paths hold for the leaf, index and count they were made for, and for nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.merkle import EMPTY_ROOT, build_path, compute_leaf, compute_root, compute_root_from_path
from precompiles.digest import compute_keccak

LEAVES = st.lists(st.binary(max_size=40), min_size=1, max_size=40)


@pytest.mark.parametrize("count", range(1, 41))
def test_every_path_leads_to_the_root(count: int) -> None:
    """For all sizes to 40 and all indices."""
    leaves = [bytes([n]) * n for n in range(count)]
    root = compute_root(leaves)
    for index in range(count):
        path = build_path(leaves, index)
        assert compute_root_from_path(leaves[index], index, count, path) == root


def test_small_trees_are_built_as_the_header_says() -> None:
    """Leaves, nodes and the seal hash in separate domains; three leaves split two and one."""
    a, b, c = (compute_leaf(x) for x in (b"a", b"b", b"c"))
    assert a == compute_keccak(b"\x00a")
    ab = compute_keccak(b"\x01" + a + b)
    seal = b"\x02" + (3).to_bytes(8, "big")
    assert compute_root([b"a", b"b", b"c"]) == compute_keccak(
        seal + compute_keccak(b"\x01" + ab + c)
    )
    assert build_path([b"a", b"b", b"c"], 2) == (ab,)
    assert build_path([b"a", b"b", b"c"], 0) == (b, c)
    assert compute_root([]) == EMPTY_ROOT == bytes(32)
    assert build_path([b"a"], 0) == ()


@settings(max_examples=150)
@given(leaves=LEAVES, data=st.data())
def test_any_change_is_refused(leaves: list[bytes], data: st.DataObject) -> None:
    """Another leaf, index, count or sibling, a longer or a shorter path: not the root."""
    count = len(leaves)
    index = data.draw(st.integers(0, count - 1))
    root, path = compute_root(leaves), build_path(leaves, index)
    leaf = leaves[index]

    other_leaf = data.draw(st.binary(max_size=40).filter(lambda other: other != leaf))
    assert compute_root_from_path(other_leaf, index, count, path) != root
    other_index = data.draw(st.integers(-2, 2 * count).filter(lambda n: n != index))
    if not (0 <= other_index < count and leaves[other_index] == leaf):
        assert compute_root_from_path(leaf, other_index, count, path) != root
    other_count = data.draw(st.integers(-2, 2 * count + 2).filter(lambda n: n != count))
    assert compute_root_from_path(leaf, index, other_count, path) != root
    assert compute_root_from_path(leaf, index, count, (*path, bytes(32))) != root
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        flipped = bytes([path[at][0] ^ 1]) + path[at][1:]
        changed = (*path[:at], flipped, *path[at + 1 :])
        assert compute_root_from_path(leaf, index, count, changed) != root
        assert compute_root_from_path(leaf, index, count, path[1:]) != root
        assert compute_root_from_path(leaf, index, count, path[:-1]) != root


@given(leaves=LEAVES, data=st.data())
def test_root_binds_order_and_number(leaves: list[bytes], data: st.DataObject) -> None:
    """Permuted, repeated or dropped leaves have another root."""
    permuted = data.draw(st.permutations(leaves))
    assert (compute_root(permuted) == compute_root(leaves)) == (permuted == leaves)
    assert compute_root([*leaves, leaves[-1]]) != compute_root(leaves)
    assert compute_root(leaves[:-1]) != compute_root(leaves)


@given(leaves=LEAVES)
def test_node_is_no_leaf(leaves: list[bytes]) -> None:
    """A tree of two cannot pass for a tree of one whose leaf is its inner node."""
    inner = compute_leaf(leaves[0]) + compute_leaf(leaves[-1])
    assert compute_root([leaves[0], leaves[-1]]) != compute_root([inner])


@pytest.mark.parametrize(("count", "index"), [(0, 0), (1, 1), (3, 3), (3, -1)])
def test_path_of_a_leaf_that_is_not_there_is_a_broken_invariant(count: int, index: int) -> None:
    """Never a path that proves something else."""
    with pytest.raises(AssertionError, match=f"no leaf {index} of {count}"):
        build_path([b"x"] * count, index)


def test_more_leaves_than_can_be_counted_have_no_root() -> None:
    """The number is sealed in 8 bytes, and a path may claim any."""
    path = [bytes(32)] * 65
    assert compute_root_from_path(b"x", 0, 2**65, path) is None
    assert compute_root_from_path(b"x", 0, 2**64 - 1, path[:64]) is not None
