"""Binary Merkle tree over keccak, as RFC 6962 builds it: leaves and nodes hash in separate domains.

A path is the list of siblings from the leaf up; the leaf's index and the number of leaves fix on
which side each stands. The root commits to the number of leaves as well, so a path proves its
position among how many. An empty tree has the zero root.
"""

from collections.abc import Sequence

from precompiles.digest import compute_keccak

EMPTY_ROOT = bytes(32)
MAX_LEAVES = 2**64 - 1  # the root is sealed with their number in 8 bytes


def compute_leaf(data: bytes) -> bytes:
    """Hash of one leaf's content."""
    return compute_keccak(b"\x00" + data)


def compute_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf contents in order."""
    if not leaves:
        return EMPTY_ROOT
    return _seal(_fold([compute_leaf(leaf) for leaf in leaves]), len(leaves))


def build_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Siblings of leaf `index`, lowest first."""
    assert 0 <= index < len(leaves), f"no leaf {index} of {len(leaves)}"
    hashes = [compute_leaf(leaf) for leaf in leaves]
    return tuple(_climb(hashes, index))


def compute_root_from_path(
    leaf: bytes, index: int, count: int, path: Sequence[bytes]
) -> bytes | None:
    """The root that a path leads to, or nothing if its length does not fit index and count."""
    if not 0 <= index < count <= MAX_LEAVES:
        return None
    top = _follow(compute_leaf(leaf), index, count, list(path))
    return None if top is None else _seal(top, count)


def _fold(hashes: Sequence[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    middle = _split(len(hashes))
    return join(_fold(hashes[:middle]), _fold(hashes[middle:]))


def _climb(hashes: Sequence[bytes], index: int) -> list[bytes]:
    if len(hashes) == 1:
        return []
    middle = _split(len(hashes))
    if index < middle:
        return [*_climb(hashes[:middle], index), _fold(hashes[middle:])]
    return [*_climb(hashes[middle:], index - middle), _fold(hashes[:middle])]


def _follow(leaf: bytes, index: int, count: int, path: list[bytes]) -> bytes | None:
    if count == 1:
        return leaf if not path else None
    if not path:
        return None
    middle = _split(count)
    sibling = path[-1]
    if index < middle:
        below = _follow(leaf, index, middle, path[:-1])
        return None if below is None else join(below, sibling)
    below = _follow(leaf, index - middle, count - middle, path[:-1])
    return None if below is None else join(sibling, below)


def _split(count: int) -> int:
    """Largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def join(left: bytes, right: bytes) -> bytes:
    """Hash of a node with these children."""
    return compute_keccak(b"\x01" + left + right)


def _seal(top: bytes, count: int) -> bytes:
    return compute_keccak(b"\x02" + count.to_bytes(8, "big") + top)
