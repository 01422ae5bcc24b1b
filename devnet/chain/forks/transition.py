"""What a block changes besides its transactions: before the first and after the last.

Source: EIP-779 (DAO), 4788, 2935, 4895 (withdrawals), 7685 (requests); rewards of proof of work.
"""

from collections.abc import Sequence
from typing import Any

from eth.vm.forks.homestead.headers import dao_drain_list, dao_refund_contract

from devnet.chain.block import Withdrawal
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.request import DEPOSIT_TYPE
from devnet.chain.forks.reward import compute_rewards
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.forks.system import take_requests, write_parent
from devnet.chain.header import Header

WEI_PER_GWEI = 10**9


def begin_block(state: Any, header: Header, schedule: ForkSchedule, fork: Fork) -> None:
    """Change the state before the first transaction."""
    if schedule.supports_dao and header.number == schedule.dao_number:
        _drain_dao(state)
    write_parent(state, header, fork)


def end_block(
    state: Any,
    header: Header,
    fork: Fork,
    deposits: bytes,
    uncles: Sequence[Header],
    withdrawals: Sequence[Withdrawal],
) -> tuple[bytes, ...]:
    """Change the state after the last transaction.

    Args:
        deposits: as read from the block's events.
    Returns: the block's requests, each with its type byte.
    Raises: BadBlock if a system contract is missing or fails.
    """
    for withdrawal in withdrawals:
        state.delta_balance(withdrawal.address, withdrawal.amount_gwei * WEI_PER_GWEI)
        if state.account_is_empty(withdrawal.address):
            state.delete_account(withdrawal.address)
    for address, amount_wei in compute_rewards(header, uncles, fork):
        state.delta_balance(address, amount_wei)
    if fork < Fork.PRAGUE:
        return ()
    first = (DEPOSIT_TYPE + deposits,) if deposits else ()
    return (*first, *take_requests(state))


def _drain_dao(state: Any) -> None:
    for written in dao_drain_list:
        address = bytes.fromhex(written[2:])
        state.delta_balance(dao_refund_contract, state.get_balance(address))
        state.set_balance(address, 0)
