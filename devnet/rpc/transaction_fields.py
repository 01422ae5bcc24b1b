"""Lists in transaction objects: accesses, blobs and their hashes, authorizations."""

from eth_typing import Address

from devnet.chain.message import Delegation
from devnet.chain.signing import AccessList
from devnet.rpc.quantity import (
    build_refusal,
    decode_address,
    decode_bytes,
    decode_hash,
    decode_list,
    decode_object,
    decode_quantity,
    decode_uint64,
    decode_word,
)

MAX_ACCESS_LIST = 10_000  # addresses, and slots of each
MAX_DELEGATIONS = 1_000
MAX_BLOBS = 32


def decode_access_list(value: object, name: str) -> AccessList:
    """Addresses and their slots. Raises: InvalidParams."""
    entries = decode_list(value, name, MAX_ACCESS_LIST)
    return tuple(_decode_access(entry, f"{name}[{i}]") for i, entry in enumerate(entries))


def decode_hashes(value: object, name: str) -> tuple[bytes, ...]:
    """Versioned hashes. Raises: InvalidParams."""
    items = decode_list(value, name, MAX_BLOBS)
    return tuple(decode_hash(item, f"{name}[{i}]") for i, item in enumerate(items))


def decode_blobs(value: object, name: str) -> tuple[bytes, ...]:
    """Blobs of any length. Raises: InvalidParams."""
    items = decode_list(value, name, MAX_BLOBS)
    return tuple(decode_bytes(item, f"{name}[{i}]") for i, item in enumerate(items))


def decode_delegations(value: object, name: str) -> tuple[Delegation, ...]:
    """Signed authorizations. Raises: InvalidParams."""
    items = decode_list(value, name, MAX_DELEGATIONS)
    return tuple(_decode_delegation(item, f"{name}[{i}]") for i, item in enumerate(items))


def _decode_access(entry: object, where: str) -> tuple[Address, tuple[int, ...]]:
    fields = decode_object(entry, where)
    if "address" not in fields:
        raise build_refusal(where, entry, "an object with address and storageKeys")
    keys = decode_list(fields.get("storageKeys", []), f"{where}.storageKeys", MAX_ACCESS_LIST)
    slots = tuple(decode_word(key, f"{where}.storageKeys[{i}]") for i, key in enumerate(keys))
    return Address(decode_address(fields["address"], f"{where}.address")), slots


def _decode_delegation(value: object, name: str) -> Delegation:
    fields = decode_object(value, name)
    if missing := [k for k in ("chainId", "address", "nonce", "r", "s") if k not in fields]:
        raise build_refusal(name, value, f"an object with {missing[0]}")
    parity = fields.get("yParity", fields.get("v", "0x0"))
    return Delegation(
        chain_id=decode_quantity(fields["chainId"], f"{name}.chainId"),
        address=decode_address(fields["address"], f"{name}.address"),
        nonce=decode_uint64(fields["nonce"], f"{name}.nonce"),
        y_parity=decode_quantity(parity, f"{name}.yParity") & 0xFF,
        r=decode_word(fields["r"], f"{name}.r"),
        s=decode_word(fields["s"], f"{name}.s"),
    )
