"""Unsigned messages: what a caller asks to try, and what py-evm's executor reads of it.

Source: EIP-1559 (prices), 2930, 4844, 7702 for the fields; geth's `core.Message`.
"""

from dataclasses import dataclass, replace
from typing import Any

from eth.vm.forks.prague.transactions import Authorization

from devnet.chain.forks.fork import Fork
from devnet.chain.intrinsic import SET_CODE_TYPE, compute_initcode_gas, compute_intrinsic_gas
from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.signing import AccessList

_DYNAMIC_TYPE = 2


@dataclass(frozen=True, slots=True)
class Delegation:
    """An authorization of EIP-7702, signed: an account lets another one's code run as its own."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True, slots=True)
class Message:
    """A transaction without a signature, as py-evm's executors read it."""

    sender: bytes
    to: bytes
    value: int
    data: bytes
    gas: int
    intrinsic_gas: int
    type_id: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int
    nonce: int = 0
    access_list: AccessList = ()
    authorization_list: tuple[Any, ...] = ()
    blob_versioned_hashes: tuple[bytes, ...] = ()
    max_fee_per_blob_gas: int = 0
    y_parity: int = 0  # old executors log the signature
    r: int = 0
    s: int = 0

    @property
    def gas_price(self) -> int:
        return self.max_fee_per_gas


def build_message(
    *,
    sender: bytes,
    to: bytes | None,
    value: int,
    data: bytes,
    gas: int,
    max_fee: int,
    tip: int,
    fork: Fork,
    nonce: int = 0,
    access_list: AccessList = (),
    delegations: tuple[Delegation, ...] = (),
    blob_hashes: tuple[bytes, ...] = (),
    max_blob_fee: int = 0,
) -> Message:
    """A message with its type and intrinsic gas under a fork.

    Units: prices in wei per gas.
    """
    message = Message(
        sender=sender,
        to=to or b"",
        value=value,
        data=data,
        gas=gas,
        intrinsic_gas=0,
        type_id=_choose_type(delegations, blob_hashes),
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=tip,
        nonce=nonce,
        access_list=access_list,
        authorization_list=tuple(map(_adapt, delegations)),
        blob_versioned_hashes=blob_hashes,
        max_fee_per_blob_gas=max_blob_fee,
    )
    charged_later = 0 if message.to else compute_initcode_gas(message.data, fork)
    return replace(message, intrinsic_gas=compute_intrinsic_gas(message, fork) - charged_later)


def _choose_type(delegations: tuple[Delegation, ...], blob_hashes: tuple[bytes, ...]) -> int:
    if delegations:
        return SET_CODE_TYPE
    return BLOB_TYPE if blob_hashes else _DYNAMIC_TYPE


def _adapt(delegation: Delegation) -> Any:
    return Authorization(
        delegation.chain_id,
        delegation.address,
        delegation.nonce,
        delegation.y_parity,
        delegation.r,
        delegation.s,
    )
