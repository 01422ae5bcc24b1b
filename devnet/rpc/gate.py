"""The node for many threads: one of them changes it, the others read how it was last.

A frozen node is consistent and never changes, so a reader needs no lock and sees one moment.
"""

from collections.abc import Callable
from typing import TypeVar

from devnet.events import Event
from devnet.node import Node

T = TypeVar("T")


class Gate:
    """A node and the newest frozen one; renewed by every event and every write."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.view = node.freeze()
        node.observers.insert(0, self._renew)  # who is told later finds the event in the view

    def write(self, work: Callable[..., T], *arguments: object) -> T:
        """Run something that changes the node; only ever in one thread."""
        try:
            return work(self.node, *arguments)
        finally:
            self._renew()
            self.node.save()

    def _renew(self, _: Event | None = None) -> None:
        self.view = self.node.freeze()
