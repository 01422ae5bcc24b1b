"""Where the blocks of a history are: in memory, or wherever another shelf keeps them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from devnet.chain.block import Execution


class Shelf(Protocol):
    """Blocks by hash, each with its seal: what a consensus says of it, empty if nothing."""

    def put(self, block: Execution, seal: bytes) -> None:
        """Add a block on top of the chain."""

    def get(self, block_hash: bytes) -> Execution:
        """A block of the chain, or of a chain that was frozen."""

    def get_seal(self, block_hash: bytes) -> bytes: ...

    def get_bloom(self, block_hash: bytes) -> bytes:
        """The filter over addresses and topics of a block's events, quicker than the block."""

    def find_places(self, transaction_hash: bytes) -> Iterable[tuple[bytes, int]]:
        """Hashes of blocks that have a transaction, and its index there."""

    def remove(self, blocks: Sequence[Execution]) -> None:
        """Take blocks off the top of the chain."""

    def freeze(self) -> "Shelf":
        """Another shelf with the same blocks, which keeps them when this one is changed."""


class MemoryShelf:
    """Blocks of one process."""

    def __init__(self) -> None:
        self._blocks: dict[bytes, tuple[Execution, bytes]] = {}
        self._places: dict[bytes, tuple[tuple[bytes, int], ...]] = {}

    def put(self, block: Execution, seal: bytes) -> None:
        self._blocks[block.hash] = block, seal
        for index, transaction in enumerate(block.transactions):
            self._places[transaction.hash] = ((block.hash, index),)

    def get(self, block_hash: bytes) -> Execution:
        return self._blocks[block_hash][0]

    def get_seal(self, block_hash: bytes) -> bytes:
        return self._blocks[block_hash][1]

    def get_bloom(self, block_hash: bytes) -> bytes:
        return self._blocks[block_hash][0].header.logs_bloom

    def find_places(self, transaction_hash: bytes) -> Iterable[tuple[bytes, int]]:
        return self._places.get(transaction_hash, ())

    def remove(self, blocks: Sequence[Execution]) -> None:
        for block in blocks:
            del self._blocks[block.hash]
            for transaction in block.transactions:
                del self._places[transaction.hash]

    def freeze(self) -> "MemoryShelf":
        other = MemoryShelf()
        other._blocks, other._places = self._blocks.copy(), self._places.copy()
        return other
