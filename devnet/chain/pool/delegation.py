"""Accounts whose transactions another one's code may undo at any moment (EIP-7702).

A delegated account, or one that a waiting transaction delegates, has one transaction in flight.
Source: geth's `legacypool.validateAuth`.
"""

from collections.abc import Callable, Iterator
from typing import Any

import rlp
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature

from devnet.chain.intrinsic import SET_CODE_TYPE
from devnet.chain.pool.queue import Queue
from devnet.chain.transaction import Transaction
from devnet.errors import NotNow
from precompiles.digest import compute_keccak

_MAGIC = b"\x05"


def recover_authorities(transaction: Transaction) -> tuple[bytes, ...]:
    """Accounts that a transaction's authorizations delegate; invalid signatures are passed over."""
    if transaction.type_id != SET_CODE_TYPE:
        return ()
    return tuple(dict.fromkeys(_recover(transaction.evm.authorization_list)))


def check_in_flight(
    transaction: Transaction,
    next_nonce: int,
    is_delegated: bool,
    get_queue: Callable[[bytes], Queue],
    authorities: tuple[bytes, ...],
) -> None:
    """Hold a transaction to the rule above.

    Args:
        next_nonce: of its sender, on the chain.
        is_delegated: whether its sender is, or a waiting transaction makes it so.
        authorities: accounts that the transaction itself delegates.
    Raises: NotNow in geth's words.
    """
    queue = get_queue(transaction.sender)
    if is_delegated and queue.get(transaction.nonce) is None:
        if len(queue):
            raise NotNow("in-flight transaction limit reached for delegated accounts: one waits")
        if transaction.nonce != next_nonce:
            raise NotNow(
                "gapped-nonce tx from delegated accounts: "
                f"next nonce {next_nonce}, tx nonce {transaction.nonce}"
            )
    for authority in authorities:
        if len(get_queue(authority)) > 1:
            raise NotNow(
                f"authority already reserved: 0x{authority.hex()} has more than one waiting"
            )


def _recover(authorizations: Any) -> Iterator[bytes]:
    for given in authorizations:
        message = _MAGIC + rlp.encode([given.chain_id, given.address, given.nonce])
        try:
            signature = Signature(vrs=(given.y_parity, given.r, given.s))
            key = signature.recover_public_key_from_msg_hash(compute_keccak(message))
        except BadSignature:
            continue
        yield key.to_canonical_address()
