"""What every node of a trie can do, whatever its kind: nodes never change.

A node remembers its reference, so a root costs one hash per node that is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from precompiles.digest import compute_keccak

V = TypeVar("V")
_HASHED = 32  # bytes from which a node is referred to by its hash
HASH_PREFIX = b"\xa0"  # RLP of 32 bytes


class Node(Generic[V]):
    """A trie, or a part of one; paths are relative to it, a nibble a byte."""

    __slots__ = ("is_stored", "reference")
    reference: bytes  # how the parent names this node, empty until it was asked for
    is_stored: bool  # whether it is on disk with all below it

    @property
    def root(self) -> bytes:
        """Hash of the trie below this node, 32 bytes."""
        reference = self.reference or self.refer()
        return reference[1:] if len(reference) == _HASHED + 1 else compute_keccak(reference)

    def refer(self) -> bytes:
        """Compute the reference: the encoding itself if that is short, else its hash."""
        encoded = self.encode()
        short = len(encoded) < _HASHED
        self.reference = encoded if short else HASH_PREFIX + compute_keccak(encoded)
        return self.reference

    def get(self, path: bytes) -> V | None:
        """The value at a path."""
        raise NotImplementedError

    def put(self, path: bytes, value: V, encoded: bytes) -> Node[V]:
        """This trie with a value; `encoded`, never empty, is what goes into the hash."""
        raise NotImplementedError

    def delete(self, path: bytes) -> Node[V]:
        """This trie without what stands at a path; itself if nothing does."""
        raise NotImplementedError

    def lengthen(self, path: bytes) -> Node[V]:
        """This trie below a path."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """RLP of the node."""
        raise NotImplementedError

    def walk(self, path: bytes) -> Iterator[Node[V]]:
        """The nodes on the way to a path, as far as it leads."""
        yield self

    def get_children(self) -> Iterator[tuple[bytes, Node[V]]]:
        """The nodes right below, in order, each with the path to it."""
        return iter(())

    def list_new(self) -> list[Node[V]]:
        """The nodes right below that are not on disk."""
        return []

    def get_value(self) -> V | None:
        """The value at this very node."""
        return None

    def iterate(self, prefix: bytes = b"") -> Iterator[tuple[bytes, V]]:
        """Every path, in order, and its value."""
        for path, child in self.get_children():
            yield from child.iterate(prefix + path)
