"""The tree over a trace as the contract reads it (`contracts/src/TraceTree.sol`).

One leaf for each operator in topological order, padded with empty ones to a power of two, so
that every leaf is the same number of rounds away from the root.
"""

from collections.abc import Sequence

from devnet.merkle import compute_leaf, join

PADDING = compute_leaf(b"")


def compute_depth(operators: int) -> int:
    """Rounds from the root to a leaf: the least d with 2 ** d >= operators."""
    return (operators - 1).bit_length()


class TraceTree:
    """All nodes; level 0 are the leaves."""

    def __init__(self, contents: Sequence[bytes]) -> None:
        """`contents` of the leaves, at least one: `precompiles.engine.operator.list_contents`."""
        self.depth = compute_depth(len(contents))
        leaves = [compute_leaf(content) for content in contents]
        level = leaves + [PADDING] * (2**self.depth - len(leaves))
        self._levels = [level]
        while len(level) > 1:
            level = [join(level[at], level[at + 1]) for at in range(0, len(level), 2)]
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def get_children(self, level: int, index: int) -> tuple[bytes, bytes]:
        """What a node above the leaves is made of."""
        below = self._levels[level - 1]
        return below[2 * index], below[2 * index + 1]

    def get_siblings(self, index: int) -> tuple[bytes, ...]:
        """From a leaf to the root, lowest first."""
        return tuple(self._levels[level][index >> level ^ 1] for level in range(self.depth))
