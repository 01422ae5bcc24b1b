"""The application of a simulation without a chain: values are 32-byte ids, valid if well formed.

A value says in its bytes who made it for which height and round, so that traces read.
"""

from collections.abc import Mapping

from devnet.consensus.set_change import Update
from devnet.consensus.tendermint.message import Proposal

_MARK = b"a simulated value."  # 18 bytes


class Progress:
    """How many correct nodes are still below the height that a run wants."""

    __slots__ = ("is_started", "target", "waiting")

    def __init__(self) -> None:
        self.is_started = False
        self.target = 0
        self.waiting = 0


class Values:
    """One validator's chain of values."""

    __slots__ = ("_progress", "_updates", "counts", "decided", "node")

    def __init__(
        self,
        node: int,
        progress: Progress,
        counts: bool,
        updates: Mapping[int, tuple[Update, ...]],
    ) -> None:
        """`counts`: whether the run waits for this node; `updates` of the set by height."""
        self.node, self.counts, self._updates = node, counts, updates
        self.decided: list[bytes] = []
        self._progress = progress

    def build_value(self, height: int, round_: int) -> bytes:
        """A value that nobody else makes."""
        return make_value(self.node, height, round_)

    def is_valid(self, proposal: Proposal) -> bool:
        """Whether the value is one of ours, made for this height."""
        return is_made_for(proposal.value, proposal.height)

    def can_follow(self, height: int, value: bytes) -> bool:
        """As if it had been proposed."""
        return is_made_for(value, height)

    def commit(self, height: int, value: bytes) -> tuple[Update, ...]:
        """Remember it; the set changes by height, whatever the value."""
        self.decided.append(value)
        if self.counts and height == self._progress.target:
            self._progress.waiting -= 1
        return self._updates.get(height, ())


def make_value(node: int, height: int, round_: int, variant: int = 0) -> bytes:
    """Id of a value; another variant is what an equivocator shows to others.

    Node and variant come first, so that the beginning of an id tells values apart.
    """
    head = node.to_bytes(2) + variant.to_bytes(1) + round_.to_bytes(3)
    return head + height.to_bytes(8) + _MARK


def is_made_for(value: bytes, height: int) -> bool:
    """Whether a value is well formed and for this height."""
    return value[14:] == _MARK and int.from_bytes(value[6:14]) == height


def get_maker(value: bytes) -> int:
    """The node that made a value."""
    return int.from_bytes(value[:2])
