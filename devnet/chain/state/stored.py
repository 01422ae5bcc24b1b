"""Trie nodes that are on disk: read when somebody walks there, and which ones are new.

A node that is `is_stored` has all below it on disk too, so a walk for new ones ends there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from devnet.chain.state.account import Account
from devnet.chain.state.encoding import (
    EMPTY_STRING,
    decode_list,
    decode_number,
    decode_path,
    decode_string,
)
from devnet.chain.state.node import HASH_PREFIX, Node
from devnet.chain.state.trie import EMPTY, Branch, Extension, Leaf

V = TypeVar("V")
_HASHED = 33  # bytes of a reference that is a hash
_PAIR = 2  # items of a leaf or an extension


class Loader(Generic[V]):
    """Nodes of one kind of trie, from their bytes."""

    def __init__(self, read: Callable[[bytes], bytes], decode: Callable[[bytes], V]) -> None:
        """
        Args:
            read: bytes of a node by its hash.
            decode: a value of the trie from its encoding.
        """
        self._read = read
        self._decode = decode
        self.loaded = 0  # nodes so far

    def open(self, root: bytes) -> Node[V]:
        """The trie with this root; nothing is read before it is asked for."""
        return EMPTY if root == EMPTY.root else Stored(HASH_PREFIX + root, self)

    def load(self, key: bytes) -> Node[V]:
        """Read one node; its children are not. Raises: StoreError."""
        self.loaded += 1
        return self._build(self._read(key))

    def _build(self, encoded: bytes) -> Node[V]:
        items = decode_list(encoded)
        if len(items) == _PAIR:
            path, is_leaf = decode_path(decode_string(items[0]))
            if is_leaf:
                value = decode_string(items[1])
                node: Node[V] = Leaf(path, self._decode(value), value)
            else:
                node = Extension(path, self._refer(items[1]))
        else:
            value = decode_string(items[16])
            found = self._decode(value) if value else None
            node = Branch([self._refer(item) for item in items[:16]], found, value)
        node.is_stored = True
        return node

    def _refer(self, item: bytes) -> Node[V]:
        if item == EMPTY_STRING:
            return EMPTY
        return Stored(item, self) if len(item) == _HASHED else self._build(item)


class Stored(Node[V]):
    """A node on disk, and itself once it was read."""

    __slots__ = ("_loader", "_node")

    def __init__(self, reference: bytes, loader: Loader[V]) -> None:
        self.reference = reference
        self.is_stored = True
        self._loader = loader
        self._node: Node[V] | None = None

    def load(self) -> Node[V]:
        """The node itself. Raises: StoreError."""
        if self._node is None:
            self._node = self._loader.load(self.reference[1:])
        return self._node

    def get(self, path: bytes) -> V | None:
        return self.load().get(path)

    def put(self, path: bytes, value: V, encoded: bytes) -> Node[V]:
        node = self.load()
        changed = node.put(path, value, encoded)
        return self if changed is node else changed

    def delete(self, path: bytes) -> Node[V]:
        node = self.load()
        changed = node.delete(path)
        return self if changed is node else changed

    def lengthen(self, path: bytes) -> Node[V]:
        return self.load().lengthen(path) if path else self

    def encode(self) -> bytes:
        return self.load().encode()

    def walk(self, path: bytes) -> Iterator[Node[V]]:
        return self.load().walk(path)

    def get_children(self) -> Iterator[tuple[bytes, Node[V]]]:
        return self.load().get_children()

    def get_value(self) -> V | None:
        return self.load().get_value()

    def iterate(self, prefix: bytes = b"") -> Iterator[tuple[bytes, V]]:
        return self.load().iterate(prefix)


def decode_word(encoded: bytes) -> int:
    """A storage word."""
    return decode_number(decode_string(encoded))


def build_account_decoder(words: Loader[int]) -> Callable[[bytes], Account]:
    """Reads accounts whose storage is opened by `words`."""

    def decode_account(encoded: bytes) -> Account:
        nonce, balance, root, code_hash = map(decode_string, decode_list(encoded))
        return Account(decode_number(nonce), decode_number(balance), words.open(root), code_hash)

    return decode_account


def take_new(state: Node[Account]) -> Iterator[tuple[bytes, bytes]]:
    """Hash and encoding of what is not on disk yet; it counts as stored from now on."""
    roots: list[Node[Any]] = [state]
    while roots:
        pending = [roots.pop()]
        is_root = True
        while pending:
            node = pending.pop()
            if node.is_stored:
                continue
            node.is_stored = True
            if is_root or len(node.reference or node.refer()) == _HASHED:
                yield node.root, node.encode()
            is_root = False
            pending += node.list_new()
            value = node.get_value()
            if isinstance(value, Account):
                roots.append(value.storage)
