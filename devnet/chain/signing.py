"""Signs transactions of unlocked accounts."""

from dataclasses import dataclass
from typing import TypeAlias

from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import Address

AccessList: TypeAlias = tuple[tuple[Address, tuple[int, ...]], ...]  # addresses and slots


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
    access_list: AccessList = ()


@dataclass(frozen=True, slots=True)
class UnsignedPricedTransaction:
    """A transaction with one gas price: EIP-155, or EIP-2930 if it has an access list."""

    nonce: int
    to: bytes | None  # None creates a contract
    value: int
    data: bytes
    gas: int
    gas_price: int  # wei
    access_list: AccessList | None = None


def sign_transaction(
    unsigned: UnsignedTransaction | UnsignedPricedTransaction, chain_id: int, key: bytes
) -> bytes:
    """Raw bytes of the signed transaction."""
    build = PragueTransactionBuilder
    to = Address(unsigned.to or b"")
    private_key = PrivateKey(key)
    if isinstance(unsigned, UnsignedTransaction):
        dynamic = build.new_unsigned_dynamic_fee_transaction(
            chain_id=chain_id,
            nonce=unsigned.nonce,
            max_priority_fee_per_gas=unsigned.max_priority_fee_per_gas,
            max_fee_per_gas=unsigned.max_fee_per_gas,
            gas=unsigned.gas,
            to=to,
            value=unsigned.value,
            data=unsigned.data,
            access_list=unsigned.access_list,
        )
        return bytes(dynamic.as_signed_transaction(private_key).encode())
    if unsigned.access_list is not None:
        listed = build.new_unsigned_access_list_transaction(
            chain_id=chain_id,
            nonce=unsigned.nonce,
            gas_price=unsigned.gas_price,
            gas=unsigned.gas,
            to=to,
            value=unsigned.value,
            data=unsigned.data,
            access_list=unsigned.access_list,
        )
        return bytes(listed.as_signed_transaction(private_key).encode())
    legacy = build.create_unsigned_transaction(
        nonce=unsigned.nonce,
        gas_price=unsigned.gas_price,
        gas=unsigned.gas,
        to=to,
        value=unsigned.value,
        data=unsigned.data,
    )
    return bytes(legacy.as_signed_transaction(private_key, chain_id=chain_id).encode())
