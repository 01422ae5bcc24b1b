"""Transactions that wait for a block, in order of arrival; one per sender and nonce."""

from collections.abc import Callable
from copy import copy

from devnet.chain.transaction import Transaction
from devnet.errors import BadTransaction, FeeTooLow

MAX_POOL = 10_000  # transactions
_REPLACE_PERCENT = 110  # a replacement pays at least this much of the old fee


class Pool:
    """Waiting transactions; what is executable now is asked with account nonces."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, Transaction] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def freeze(self) -> "Pool":
        """What waits now, for another thread."""
        frozen = copy(self)
        frozen._waiting = self._waiting.copy()
        return frozen

    def get(self, transaction_hash: bytes) -> Transaction | None:
        return self._waiting.get(transaction_hash)

    def all(self) -> tuple[Transaction, ...]:
        """Everything that waits, oldest first."""
        return tuple(self._waiting.values())

    def add(self, transaction: Transaction) -> None:
        """Take a checked transaction.

        Raises: BadTransaction if it is known or the pool is full; FeeTooLow if it would replace
            another without paying ten percent more.
        """
        if transaction.hash in self._waiting:
            raise BadTransaction(f"already known: 0x{transaction.hash.hex()}")
        rival = self._find(transaction.sender, transaction.nonce)
        if rival is not None:
            for fee in ("max_fee_per_gas", "max_priority_fee_per_gas"):
                floor = getattr(rival.evm, fee) * _REPLACE_PERCENT
                if getattr(transaction.evm, fee) * 100 < floor:
                    least = -(-floor // 100)
                    raise FeeTooLow(
                        f"replacement transaction underpriced: {fee} must be at least {least}"
                    )
            del self._waiting[rival.hash]
        elif len(self._waiting) >= MAX_POOL:
            raise BadTransaction(f"pool is full: {MAX_POOL} transactions wait")
        self._waiting[transaction.hash] = transaction

    def discard(self, transaction: Transaction) -> None:
        """Forget a transaction, known or not."""
        self._waiting.pop(transaction.hash, None)

    def clear(self) -> None:
        self._waiting.clear()

    def select(self, get_nonce: Callable[[bytes], int]) -> tuple[Transaction, ...]:
        """Executable transactions, oldest first, each sender's in nonce order without gaps."""
        ready: list[Transaction] = []
        waiting = list(self._waiting.values())
        nonces: dict[bytes, int] = {}
        progress = True
        while progress:
            progress = False
            rest = []
            for transaction in waiting:
                sender = transaction.sender
                if sender not in nonces:
                    nonces[sender] = get_nonce(sender)
                if transaction.nonce == nonces[sender]:
                    nonces[sender] += 1
                    ready.append(transaction)
                    progress = True
                elif transaction.nonce > nonces[sender]:
                    rest.append(transaction)
            waiting = rest
        return tuple(ready)

    def get_next_nonce(self, sender: bytes, nonce: int) -> int:
        """The first nonce of a sender that neither the chain nor this pool has used."""
        taken = {t.nonce for t in self._waiting.values() if t.sender == sender}
        while nonce in taken:
            nonce += 1
        return nonce

    def _find(self, sender: bytes, nonce: int) -> Transaction | None:
        for transaction in self._waiting.values():
            if transaction.sender == sender and transaction.nonce == nonce:
                return transaction
        return None
