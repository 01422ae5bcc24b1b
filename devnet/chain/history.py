"""Decided blocks of one node, found by number, hash, transaction and event."""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass

from eth_bloom.bloom import BloomFilter

from devnet.chain.block import Execution, Inference, Log, Receipt
from devnet.chain.shelf import MemoryShelf, Shelf
from devnet.chain.transaction import Transaction
from devnet.errors import UnknownBlock, UnknownTransaction

_NO_LOGS = bytes(256)


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

    def __init__(self, genesis: Execution, shelf: Shelf | None = None) -> None:
        """A chain of one block, on a shelf that has none."""
        self._shelf = MemoryShelf() if shelf is None else shelf
        self._hashes: list[bytes] = []
        self._numbers: dict[bytes, int] = {}
        self._length = 0  # of `_hashes`; what is beyond belongs to a later moment
        self._shared = False  # with a frozen one
        self.head = genesis
        self.total_difficulty = 0  # of all blocks
        self.append(genesis)

    @staticmethod
    def restore(shelf: Shelf, chain: Sequence[tuple[bytes, int]]) -> "History":
        """The chain that a shelf has already.

        Args:
            chain: hash and difficulty of every block in order.
        """
        history = object.__new__(History)
        history._shelf = shelf
        history._hashes = [block_hash for block_hash, _ in chain]
        history._numbers = {block_hash: n for n, (block_hash, _) in enumerate(chain)}
        history._length = len(chain)
        history._shared = False
        history.head = shelf.get(history._hashes[-1])
        history.total_difficulty = sum(difficulty for _, difficulty in chain)
        return history

    def freeze(self) -> "History":
        """The chain as it is now, for another thread; copies nothing."""
        self._shared = True
        return copy(self)

    def append(self, block: Execution, seal: bytes = b"") -> None:
        """Add a block, and what a consensus says of it."""
        self._shelf.put(block, seal)
        self._hashes.append(block.hash)
        self._numbers[block.hash] = block.header.number
        self.head = block
        self.total_difficulty += block.header.difficulty
        self._length += 1

    def rewind(self, number: int) -> None:
        """Forget all blocks above `number`."""
        if self._shared:
            self._hashes, self._numbers = self._hashes.copy(), self._numbers.copy()
            self._shelf = self._shelf.freeze()
            self._shared = False
        removed = [self._shelf.get(block_hash) for block_hash in self._hashes[number + 1 :]]
        for block in removed:
            del self._numbers[block.hash]
            self.total_difficulty -= block.header.difficulty
        self._shelf.remove(removed)
        del self._hashes[number + 1 :]
        self._length = number + 1
        self.head = self._shelf.get(self._hashes[number])

    def get_hash(self, number: int) -> bytes:
        """Raises: UnknownBlock with the head's number."""
        if not 0 <= number < self._length:
            raise UnknownBlock(f"no block {number}; the head is {self.head.header.number}")
        return self._hashes[number]

    def compute_total_difficulty(self, number: int) -> int:
        """Of the blocks up to `number`; slow far from the head."""
        later = self._hashes[number + 1 : self._length]
        return self.total_difficulty - sum(self._shelf.get(h).header.difficulty for h in later)

    def get_block(self, number: int) -> Execution:
        """Raises: UnknownBlock with the head's number."""
        return self._shelf.get(self.get_hash(number))

    def get_seal(self, number: int) -> bytes:
        """Raises: UnknownBlock with the head's number."""
        return self._shelf.get_seal(self.get_hash(number))

    def find_block(self, block_hash: bytes) -> Execution | None:
        number = self._find_number(block_hash)
        return None if number is None else self._shelf.get(block_hash)

    def find_transaction(self, transaction_hash: bytes) -> Place | None:
        for block_hash, index in self._shelf.find_places(transaction_hash):
            if self._find_number(block_hash) is not None:
                return Place(self._shelf.get(block_hash), index)
        return None

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
        return self._hashes[first : min(number, self._length)][::-1]

    def find_logs(self, query: LogQuery) -> Iterator[LogPlace]:
        """Matching events in order."""
        for block_hash in self._hashes[query.first : min(query.last + 1, self._length)]:
            if _may_hold(self._shelf.get_bloom(block_hash), query):
                yield from find_block_logs(self._shelf.get(block_hash), query)

    def _find_number(self, block_hash: bytes) -> int | None:
        number = self._numbers.get(block_hash)
        return number if number is not None and number < self._length else None


def find_block_logs(block: Execution, query: LogQuery) -> Iterator[LogPlace]:
    """Matching events of one block in order; the query's range is not looked at."""
    index = 0
    for position, receipt in enumerate(block.receipts):
        for log in receipt.logs:
            if _matches(log, query):
                yield LogPlace(log, Place(block, position), index)
            index += 1


def _may_hold(bloom: bytes, query: LogQuery) -> bool:
    if bloom == _NO_LOGS:
        return False
    found = BloomFilter(int.from_bytes(bloom, "big"))
    return all(
        not choices or any(choice in found for choice in choices)
        for choices in (query.addresses, *query.topics)
    )


def _matches(log: Log, query: LogQuery) -> bool:
    if query.addresses and log.address not in query.addresses:
        return False
    if len(query.topics) > len(log.topics):
        return False
    return all(
        not choices or topic in choices
        for choices, topic in zip(query.topics, log.topics, strict=False)
    )
