"""Demand: why a height should begin in a process; nothing is decided while nobody wants a block."""

from devnet.processes.message import BlockWanted, Decided


class Demand:
    """What was heard of heights to come."""

    def __init__(self) -> None:
        self.wanted: BlockWanted | None = None  # the latest wish of a client
        self._heard = 0  # the highest height that somebody speaks about
        self._coming: dict[int, Decided] = {}  # decisions of later heights

    def hear(self, height: int) -> None:
        """Somebody votes there."""
        self._heard = max(self._heard, height)

    def expect(self, decided: Decided) -> None:
        """A decision that cannot be taken over yet."""
        self._coming[decided.commit.height] = decided

    def pop(self, height: int) -> Decided | None:
        """The decision of a height, if it has come."""
        return self._coming.pop(height, None)

    def is_coming(self, height: int) -> bool:
        """Whether the decision of a height has come."""
        return height in self._coming

    def find_wish(self, height: int) -> BlockWanted | None:
        """What a client wants of a height."""
        wanted = self.wanted
        return wanted if wanted is not None and wanted.height == height else None

    def has(self, height: int) -> bool:
        """Whether anybody but the pool has reason for a height."""
        is_wanted = self.wanted is not None and self.wanted.height >= height
        return self._heard >= height or height in self._coming or is_wanted
