"""Screening: what a proposer keeps out of its blocks although it waits and could be executed."""

from collections.abc import Callable, Iterator, Sequence

from devnet.chain.pool.selection import Selection
from devnet.chain.transaction import Transaction

Predicate = Callable[[Transaction], bool]


def allow(transaction: Transaction) -> bool:
    """Keep nothing out."""
    return False


def is_about(transaction: Transaction, targets: Sequence[bytes]) -> bool:
    """Whether a transaction is of or to one of these addresses; the empty one is everybody."""
    return any(not t or t in (transaction.sender, transaction.evm.to) for t in targets)


def screen(selection: Selection, is_censored: Predicate) -> Iterator[Transaction]:
    """What is selected and not kept out; the rest of a sender's would not fit either."""
    for transaction in selection:
        if is_censored(transaction):
            selection.leave(transaction.sender)
        else:
            yield transaction
