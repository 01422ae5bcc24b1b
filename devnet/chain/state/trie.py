"""A persistent Merkle-Patricia trie of four kinds of node; an update shares what it does not touch.

A leaf holds a value of any kind beside its encoding. Source: Yellow Paper, appendix D.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from devnet.chain.state.encoding import (
    EMPTY_STRING,
    encode_list,
    encode_path,
    encode_string,
)
from devnet.chain.state.node import Node, V


class Empty(Node[V]):
    """The trie of nothing; there is one, `EMPTY`."""

    __slots__ = ()

    def __init__(self) -> None:
        self.reference = EMPTY_STRING
        self.is_stored = True

    def get(self, path: bytes) -> V | None:
        return None

    def put(self, path: bytes, value: V, encoded: bytes) -> Node[V]:
        return Leaf(path, value, encoded)

    def delete(self, path: bytes) -> Node[V]:
        return self

    def encode(self) -> bytes:
        return EMPTY_STRING

    def walk(self, path: bytes) -> Iterator[Node[V]]:
        return iter(())


class Leaf(Node[V]):
    """A value and the rest of its path."""

    __slots__ = ("encoded", "path", "value")

    def __init__(self, path: bytes, value: V, encoded: bytes) -> None:
        self.reference = b""
        self.is_stored = False
        self.path = path
        self.value = value
        self.encoded = encoded

    def get(self, path: bytes) -> V | None:
        return self.value if path == self.path else None

    def put(self, path: bytes, value: V, encoded: bytes) -> Node[V]:
        if path == self.path:
            return self if encoded == self.encoded else Leaf(path, value, encoded)
        shared = _count_shared(path, self.path)
        fork = _NO_CHILDREN.put(self.path[shared:], self.value, self.encoded)
        return fork.put(path[shared:], value, encoded).lengthen(path[:shared])

    def delete(self, path: bytes) -> Node[V]:
        return EMPTY if path == self.path else self

    def lengthen(self, path: bytes) -> Node[V]:
        return Leaf(path + self.path, self.value, self.encoded)

    def encode(self) -> bytes:
        path = encode_string(encode_path(self.path, is_leaf=True))
        return encode_list(path + encode_string(self.encoded))

    def get_value(self) -> V | None:
        return self.value

    def iterate(self, prefix: bytes = b"") -> Iterator[tuple[bytes, V]]:
        yield prefix + self.path, self.value


class Extension(Node[V]):
    """A stretch of path that all values below share; its child is a branch."""

    __slots__ = ("child", "path")

    def __init__(self, path: bytes, child: Node[V]) -> None:
        self.reference = b""
        self.is_stored = False
        self.path = path
        self.child = child

    def get(self, path: bytes) -> V | None:
        length = len(self.path)
        return self.child.get(path[length:]) if path[:length] == self.path else None

    def put(self, path: bytes, value: V, encoded: bytes) -> Node[V]:
        shared = _count_shared(path, self.path)
        if shared == len(self.path):
            child = self.child.put(path[shared:], value, encoded)
            return self if child is self.child else Extension(self.path, child)
        rest = self.child.lengthen(self.path[shared + 1 :])
        fork = _NO_CHILDREN.replace(self.path[shared], rest)
        return fork.put(path[shared:], value, encoded).lengthen(path[:shared])

    def delete(self, path: bytes) -> Node[V]:
        length = len(self.path)
        if path[:length] != self.path:
            return self
        child = self.child.delete(path[length:])
        return self if child is self.child else child.lengthen(self.path)

    def lengthen(self, path: bytes) -> Node[V]:
        return Extension(path + self.path, self.child) if path else self

    def encode(self) -> bytes:
        path = encode_string(encode_path(self.path, is_leaf=False))
        return encode_list(path + (self.child.reference or self.child.refer()))

    def walk(self, path: bytes) -> Iterator[Node[V]]:
        yield self
        if path.startswith(self.path):
            yield from self.child.walk(path[len(self.path) :])

    def get_children(self) -> Iterator[tuple[bytes, Node[V]]]:
        yield self.path, self.child

    def list_new(self) -> list[Node[V]]:
        return [] if self.child.is_stored else [self.child]


class Branch(Node[V]):
    """Sixteen children, and a value if a path ends here."""

    __slots__ = ("children", "encoded", "value")

    def __init__(self, children: list[Node[V]], value: V | None, encoded: bytes) -> None:
        self.reference = b""
        self.is_stored = False
        self.children = children
        self.value = value
        self.encoded = encoded  # empty if no path ends here

    def get(self, path: bytes) -> V | None:
        return self.children[path[0]].get(path[1:]) if path else self.value

    def put(self, path: bytes, value: V, encoded: bytes) -> Branch[V]:
        if not path:
            return self if encoded == self.encoded else Branch(self.children, value, encoded)
        child = self.children[path[0]]
        changed = child.put(path[1:], value, encoded)
        return self if changed is child else self.replace(path[0], changed)

    def replace(self, nibble: int, child: Node[V]) -> Branch[V]:
        """This branch with another child."""
        children = self.children.copy()
        children[nibble] = child
        return Branch(children, self.value, self.encoded)

    def delete(self, path: bytes) -> Node[V]:
        if not path:
            return Branch(self.children, None, b"")._collapse() if self.encoded else self
        child = self.children[path[0]]
        changed = child.delete(path[1:])
        if changed is child:
            return self
        smaller = self.replace(path[0], changed)
        return smaller._collapse() if changed is EMPTY else smaller

    def _collapse(self) -> Node[V]:
        live = [nibble for nibble, child in enumerate(self.children) if child is not EMPTY]
        if self.encoded:
            return self if live else Leaf(b"", cast(V, self.value), self.encoded)
        return self.children[live[0]].lengthen(bytes(live)) if len(live) == 1 else self

    def lengthen(self, path: bytes) -> Node[V]:
        return Extension(path, self) if path else self

    def encode(self) -> bytes:
        references = [child.reference or child.refer() for child in self.children]
        references.append(encode_string(self.encoded) if self.encoded else EMPTY_STRING)
        return encode_list(b"".join(references))

    def walk(self, path: bytes) -> Iterator[Node[V]]:
        yield self
        if path:
            yield from self.children[path[0]].walk(path[1:])

    def get_children(self) -> Iterator[tuple[bytes, Node[V]]]:
        for nibble, child in enumerate(self.children):
            yield bytes((nibble,)), child

    def list_new(self) -> list[Node[V]]:
        return [child for child in self.children if not child.is_stored]

    def get_value(self) -> V | None:
        return self.value

    def iterate(self, prefix: bytes = b"") -> Iterator[tuple[bytes, V]]:
        if self.encoded:
            yield prefix, cast(V, self.value)
        yield from super().iterate(prefix)


EMPTY: Final[Empty[Any]] = Empty()
_NO_CHILDREN: Final[Branch[Any]] = Branch([EMPTY] * 16, None, b"")


def _count_shared(one: bytes, other: bytes) -> int:
    for count, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return count
    return min(len(one), len(other))
