"""Messages: transactions before they are signed, as py-evm's executors read them, and their bytes.

Source: EIP-1559 (prices), 2930, 4844, 7702 for the fields; geth's `core.Message`.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import rlp
from eth.vm.forks.prague.transactions import Authorization
from eth_keys.datatypes import PrivateKey

from devnet.chain.forks.fork import Fork
from devnet.chain.intrinsic import SET_CODE_TYPE, compute_initcode_gas, compute_intrinsic_gas
from devnet.chain.sidecar import BLOB_TYPE
from devnet.chain.signing import AccessList
from precompiles.digest import compute_keccak

ACCESS_LIST_TYPE, DYNAMIC_TYPE = 1, 2
Signature: TypeAlias = tuple[int, int, int]  # parity or v, r, s


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
    chain_id: int | None = None
    v: int = 0  # the signature that it does not have
    y_parity: int = 0
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
    chain_id: int | None = None,
    type_id: int | None = None,
) -> Message:
    """A message with its intrinsic gas under a fork.

    Args:
        type_id: the least that its fields need if not given.
    Units: prices in wei per gas.
    """
    message = Message(
        sender=sender,
        to=to or b"",
        value=value,
        data=data,
        gas=gas,
        intrinsic_gas=0,
        type_id=_choose_type(delegations, blob_hashes) if type_id is None else type_id,
        max_fee_per_gas=max_fee,
        max_priority_fee_per_gas=tip,
        nonce=nonce,
        access_list=access_list,
        authorization_list=tuple(map(_adapt, delegations)),
        blob_versioned_hashes=blob_hashes,
        max_fee_per_blob_gas=max_blob_fee,
        chain_id=None if type_id == 0 else chain_id,
    )
    charged_later = 0 if message.to else compute_initcode_gas(message.data, fork)
    return replace(message, intrinsic_gas=compute_intrinsic_gas(message, fork) - charged_later)


def encode_message(message: Message, signature: Signature = (0, 0, 0)) -> bytes:
    """The bytes of a transaction; without a signature there are zeros in its place."""
    encoded: bytes = rlp.encode([*_list_fields(message), *signature])
    return bytes([message.type_id]) + encoded if message.type_id else encoded


def sign_message(message: Message, binding: int | None, key: bytes) -> bytes:
    """The bytes of a transaction, signed.

    Args:
        binding: the chain that it is for where it has no type (EIP-155); none before that.
    """
    tail = [] if message.type_id or binding is None else [binding, 0, 0]
    body = rlp.encode([*_list_fields(message), *tail])
    prefix = bytes([message.type_id]) if message.type_id else b""
    signed = PrivateKey(key).sign_msg_hash(compute_keccak(prefix + body))
    offset = 0 if message.type_id else 27 if binding is None else 35 + 2 * binding
    parity = signed.v + offset
    return encode_message(message, (parity, signed.r, signed.s))


def _list_fields(message: Message) -> list[Any]:
    """Everything before the signature."""
    fields: list[Any] = [message.nonce]
    if message.type_id:
        fields.insert(0, message.chain_id or 0)
    if message.type_id > ACCESS_LIST_TYPE:
        fields.append(message.max_priority_fee_per_gas)
    fields += [message.max_fee_per_gas, message.gas, message.to, message.value, message.data]
    if message.type_id:
        fields.append(
            [[a, [slot.to_bytes(32, "big") for slot in s]] for a, s in message.access_list]
        )
    if message.type_id == BLOB_TYPE:
        fields += [message.max_fee_per_blob_gas, list(message.blob_versioned_hashes)]
    if message.type_id == SET_CODE_TYPE:
        fields.append(list(message.authorization_list))
    return fields


def _choose_type(delegations: tuple[Delegation, ...], blob_hashes: tuple[bytes, ...]) -> int:
    if delegations:
        return SET_CODE_TYPE
    return BLOB_TYPE if blob_hashes else DYNAMIC_TYPE


def _adapt(delegation: Delegation) -> Any:
    return Authorization(
        delegation.chain_id,
        delegation.address,
        delegation.nonce,
        delegation.y_parity,
        delegation.r,
        delegation.s,
    )
