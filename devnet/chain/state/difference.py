"""What two tries do not share, found without looking at what they do."""

from collections.abc import Iterator
from typing import TypeVar

from devnet.chain.state.node import Node

V = TypeVar("V")


def iterate_changes(
    old: Node[V], new: Node[V], prefix: bytes = b""
) -> Iterator[tuple[bytes, V | None, V]]:
    """Paths of the new trie that the old one may have otherwise, in order, with both values.

    Where subtrees have one root nothing is yielded; a value may be yielded that did not change.
    """
    if old.root == new.root:
        return
    before, after = dict(old.get_children()), dict(new.get_children())
    if before and before.keys() == after.keys():
        for nibbles, child in after.items():
            yield from iterate_changes(before[nibbles], child, prefix + nibbles)
        return
    known = dict(old.iterate(prefix))
    for path, value in new.iterate(prefix):
        yield path, known.get(path), value
