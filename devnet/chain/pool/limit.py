"""How much a pool holds, in all and of one sender."""

from dataclasses import dataclass

from devnet.chain.pool.arrival import Arrival
from devnet.chain.pool.queue import Queue
from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.transaction import Transaction
from devnet.errors import PoolFull


@dataclass(frozen=True, slots=True)
class Usage:
    """What some transactions take of a pool."""

    slots: int = 0
    size_bytes: int = 0  # blobs included
    blob_transactions: int = 0

    def add(self, arrival: Arrival, times: int = 1) -> "Usage":
        """With a transaction; without it if `times` is -1."""
        return Usage(
            self.slots + times * arrival.slots,
            self.size_bytes + times * arrival.size_bytes,
            self.blob_transactions + times * (arrival.transaction.type_id == BLOB_TYPE),
        )


@dataclass(frozen=True, slots=True)
class Limits:
    """Larger than geth's, as a devnet's sender is nobody's enemy; of the same kinds."""

    slots: int = 16_384
    size_bytes: int = 256 << 20
    blob_transactions: int = 1_024
    account_transactions: int = 10_240
    account_queued: int = 1_024  # behind a missing nonce
    account_blob_transactions: int = 16

    def has_room(self, usage: Usage) -> bool:
        """Whether slots and bytes hold that much; blobs are not given up for others."""
        return usage.slots <= self.slots and usage.size_bytes <= self.size_bytes

    def check_account(self, transaction: Transaction, queue: Queue, is_executable: bool) -> None:
        """Whether a sender's queue may grow by a transaction. Raises: PoolFull."""
        count, limit = len(queue), self.account_transactions
        if not is_executable:
            limit = min(limit, self.account_queued)
        if transaction.type_id == BLOB_TYPE and count < limit:
            limit = self.account_blob_transactions
            count = sum(a.transaction.type_id == BLOB_TYPE for a in queue.arrivals)
        if count >= limit:
            raise PoolFull(f"account limit exceeded: pooled {count} txs")
