"""Signs transactions of unlocked accounts."""

from dataclasses import dataclass
from typing import TypeAlias

from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from eth_keys.datatypes import PrivateKey
from eth_typing import Address

from devnet.chain.forks.fork import Fork

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


def find_binding(chain_id: int, fork: Fork) -> int | None:
    """The chain that signatures are for; before Spurious Dragon they bind none (EIP-155)."""
    return chain_id if fork >= Fork.SPURIOUS_DRAGON else None


def sign_transaction(
    unsigned: UnsignedTransaction | UnsignedPricedTransaction, binding: int | None, key: bytes
) -> bytes:
    """Raw bytes of the signed transaction.

    Args:
        binding: the chain that it is for, which only one without a type may leave open.
    """
    build = PragueTransactionBuilder
    to = Address(unsigned.to or b"")
    private_key = PrivateKey(key)
    if isinstance(unsigned, UnsignedPricedTransaction) and unsigned.access_list is None:
        legacy = build.create_unsigned_transaction(
            nonce=unsigned.nonce,
            gas_price=unsigned.gas_price,
            gas=unsigned.gas,
            to=to,
            value=unsigned.value,
            data=unsigned.data,
        )
        bound = {} if binding is None else {"chain_id": binding}
        return bytes(legacy.as_signed_transaction(private_key, **bound).encode())
    assert binding is not None, "a transaction with a type is for one chain"
    if isinstance(unsigned, UnsignedTransaction):
        dynamic = build.new_unsigned_dynamic_fee_transaction(
            chain_id=binding,
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
    listed = build.new_unsigned_access_list_transaction(
        chain_id=binding,
        nonce=unsigned.nonce,
        gas_price=unsigned.gas_price,
        gas=unsigned.gas,
        to=to,
        value=unsigned.value,
        data=unsigned.data,
        access_list=unsigned.access_list or (),
    )
    return bytes(listed.as_signed_transaction(private_key).encode())
