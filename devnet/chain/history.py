"""Decided blocks of one node, found by number, hash, transaction and event."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from devnet.chain.block import Execution, Inference, Log, Receipt
from devnet.chain.transaction import Transaction
from devnet.errors import UnknownBlock, UnknownTransaction


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transaction stands, and what came of it."""

    block: Execution
    index: int

    @property
    def transaction(self) -> Transaction:
        return self.block.transactions[self.index]

    @property
    def receipt(self) -> Receipt:
        return self.block.receipts[self.index]

    @property
    def first_log_index(self) -> int:
        """Index in the block of this transaction's first event."""
        return sum(len(receipt.logs) for receipt in self.block.receipts[: self.index])

    @property
    def inferences(self) -> tuple[Inference, ...]:
        return tuple(i for i in self.block.inferences if i.receipt.transaction_index == self.index)


@dataclass(frozen=True, slots=True)
class LogPlace:
    """An event and where it was emitted."""

    log: Log
    place: Place
    index: int  # in the block


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which events; an empty set of choices matches everything (EIP-1474)."""

    first: int
    last: int
    addresses: tuple[bytes, ...] = ()
    topics: tuple[tuple[bytes, ...], ...] = ()


class History:
    """The chain so far, block 0 included."""

    def __init__(self, genesis: Execution) -> None:
        self._blocks = [genesis]
        self._numbers = {genesis.hash: 0}
        self._places: dict[bytes, Place] = {}
        self._length = 1  # of `_blocks`; what is beyond belongs to a later moment
        self._shared = False  # with a frozen one

    @property
    def head(self) -> Execution:
        return self._blocks[self._length - 1]

    def freeze(self) -> "History":
        """The chain as it is now, for another thread; copies nothing."""
        self._shared = True
        return copy(self)

    def append(self, block: Execution) -> None:
        self._blocks.append(block)
        self._numbers[block.hash] = block.header.number
        for index, transaction in enumerate(block.transactions):
            self._places[transaction.hash] = Place(block, index)
        self._length += 1

    def rewind(self, number: int) -> None:
        """Forget all blocks above `number`."""
        if self._shared:
            self._blocks = self._blocks.copy()
            self._numbers, self._places = self._numbers.copy(), self._places.copy()
            self._shared = False
        for block in self._blocks[number + 1 :]:
            del self._numbers[block.hash]
            for transaction in block.transactions:
                del self._places[transaction.hash]
        del self._blocks[number + 1 :]
        self._length = number + 1

    def get_block(self, number: int) -> Execution:
        """Raises: UnknownBlock with the head's number."""
        if not 0 <= number < self._length:
            raise UnknownBlock(f"no block {number}; the head is {self.head.header.number}")
        return self._blocks[number]

    def find_block(self, block_hash: bytes) -> Execution | None:
        number = self._numbers.get(block_hash)
        return self._blocks[number] if number is not None and number < self._length else None

    def find_transaction(self, transaction_hash: bytes) -> Place | None:
        place = self._places.get(transaction_hash)
        return place if place is not None and place.block.header.number < self._length else None

    def get_transaction(self, transaction_hash: bytes) -> Place:
        """Raises: UnknownTransaction."""
        place = self.find_transaction(transaction_hash)
        if place is None:
            raise UnknownTransaction(
                f"no transaction 0x{transaction_hash.hex()} in blocks 0 to "
                f"{self.head.header.number}; check the hash and the node"
            )
        return place

    def get_ancestors(self, number: int) -> Sequence[bytes]:
        """Hashes before block `number`, latest first, as BLOCKHASH sees them."""
        first = max(number - 256, 0)
        return [block.hash for block in reversed(self._blocks[first : min(number, self._length)])]

    def find_logs(self, query: LogQuery) -> Iterator[LogPlace]:
        """Matching events in order."""
        for block in self._blocks[query.first : min(query.last + 1, self._length)]:
            yield from find_block_logs(block, query)


def find_block_logs(block: Execution, query: LogQuery) -> Iterator[LogPlace]:
    """Matching events of one block in order; the query's range is not looked at."""
    index = 0
    for position, receipt in enumerate(block.receipts):
        for log in receipt.logs:
            if _matches(log, query):
                yield LogPlace(log, Place(block, position), index)
            index += 1


def _matches(log: Log, query: LogQuery) -> bool:
    if query.addresses and log.address not in query.addresses:
        return False
    if len(query.topics) > len(log.topics):
        return False
    return all(
        not choices or topic in choices
        for choices, topic in zip(query.topics, log.topics, strict=False)
    )
