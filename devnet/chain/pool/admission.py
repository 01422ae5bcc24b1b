"""What a transaction must meet to wait: the rules of the chain, and those among what waits.

Source: geth's `core/txpool/validation.go`, with its words.
"""

from typing import Any

from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.pool.delegation import check_in_flight, recover_authorities
from devnet.chain.pool.pool import Pool
from devnet.chain.transaction import Transaction
from devnet.chain.validity import (
    check_fees,
    check_funds,
    check_nonce,
    check_sender,
    check_static,
    compute_cost,
    is_delegation,
)
from devnet.errors import BadTransaction, InsufficientFunds


def admit(
    pool: Pool,
    transaction: Transaction,
    state: Any,
    header: Header,
    rules: Rules,
    at_once: bool = False,
) -> None:
    """Take a transaction that a block may hold one day.

    Args:
        state: of the head.
        header, rules: of the next block.
        at_once: whether it must be ready to pay the prices of the next block already.
    Raises: BadTransaction, or NotNow if it could come later; nothing has changed then.
    """
    if pool.get(transaction.hash) is not None:
        raise BadTransaction(f"already known: 0x{transaction.hash.hex()}")
    check_static(transaction, state.execution_context.chain_id, header.gas_limit, rules)
    sender = transaction.sender
    nonce, balance, code = (
        state.get_nonce(sender),
        state.get_balance(sender),
        state.get_code(sender),
    )
    check_nonce(transaction, nonce)
    check_funds(transaction, balance)
    _check_expenditure(pool, transaction, nonce, balance)
    check_sender(sender, code, rules)
    if at_once:
        check_fees(transaction, header, rules)
    is_delegated = is_delegation(code) or pool.is_delegating(sender)
    authorities = recover_authorities(transaction)
    check_in_flight(transaction, nonce, is_delegated, pool.get_queue, authorities)
    pool.add(transaction, transaction.nonce <= pool.get_next_nonce(sender, nonce))


def _check_expenditure(pool: Pool, transaction: Transaction, nonce: int, balance_wei: int) -> None:
    """Hold it against what its sender's executable transactions can take."""
    queue = pool.get_queue(transaction.sender)
    start, end = queue.get_run(nonce)
    spent = queue.sums_wei[end] - queue.sums_wei[start]
    is_among = transaction.nonce < nonce + end - start
    rival = queue.get(transaction.nonce) if is_among else None
    more = compute_cost(transaction) - (0 if rival is None else rival.cost_wei)
    if balance_wei < spent + more:
        raise InsufficientFunds(
            "insufficient funds for gas * price + value: "
            f"balance {balance_wei}, queued cost {spent}, tx cost {more}, "
            f"overshot {spent + more - balance_wei}"
        )
