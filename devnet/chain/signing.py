"""Signs transactions of unlocked accounts."""

from dataclasses import dataclass

from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import Address


@dataclass(frozen=True, slots=True)
class UnsignedTransaction:
    """A dynamic-fee transaction (EIP-1559) before it is signed."""

    nonce: int
    to: bytes | None  # None creates a contract
    value: int
    data: bytes
    gas: int
    max_fee_per_gas: int  # wei
    max_priority_fee_per_gas: int  # wei


def sign_transaction(unsigned: UnsignedTransaction, chain_id: int, key: bytes) -> bytes:
    """Raw bytes of the signed transaction."""
    transaction = PragueTransactionBuilder.new_unsigned_dynamic_fee_transaction(
        chain_id=chain_id,
        nonce=unsigned.nonce,
        max_priority_fee_per_gas=unsigned.max_priority_fee_per_gas,
        max_fee_per_gas=unsigned.max_fee_per_gas,
        gas=unsigned.gas,
        to=Address(unsigned.to or b""),
        value=unsigned.value,
        data=unsigned.data,
        access_list=(),
    )
    raw: bytes = transaction.as_signed_transaction(PrivateKey(key)).encode()
    return raw
