"""Transaction objects as clients send them to call, estimate, simulate, sign and send.

Fields nobody knows are ignored, as geth does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from eth_typing import Address

from devnet.chain.call import Call
from devnet.chain.message import Delegation
from devnet.chain.signing import AccessList
from devnet.chain.simulated_call import SimulatedCall
from devnet.errors import FeeTooLow, InvalidParams
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

T = TypeVar("T")
MAX_ACCESS_LIST = 10_000  # addresses, and slots of each
MAX_DELEGATIONS = 1_000
MAX_BLOBS = 32
_LEGACY, _ACCESS_LIST, _DYNAMIC_FEE, _BLOB, _SET_CODE = range(5)


@dataclass(frozen=True, slots=True)
class TransactionRequest:
    """What was given; the node fills in the rest."""

    sender: bytes | None
    to: bytes | None  # None creates a contract
    value: int
    data: bytes
    gas: int | None
    nonce: int | None
    gas_price: int | None  # wei per gas, as the next two
    max_fee: int | None
    max_priority_fee: int | None
    access_list: AccessList | None
    type_id: int | None
    max_blob_fee: int | None  # wei per unit of blob gas
    blob_hashes: tuple[bytes, ...] | None
    blobs: tuple[bytes, ...] | None
    delegations: tuple[Delegation, ...] | None

    def build_call(self, base_fee: int) -> Call:
        """The message to try in a block with this base fee. Raises: FeeTooLow."""
        return Call(
            sender=self.sender or bytes(20),
            to=self.to,
            value=self.value,
            data=self.data,
            gas=self.gas,
            gas_price=self._compute_price(base_fee),
            access_list=self.access_list or (),
            delegations=self.delegations or (),
            blob_hashes=self.blob_hashes or (),
            max_blob_fee=self.max_blob_fee or 0,
        )

    def build_simulated_call(self) -> SimulatedCall:
        """The message as a part of a simulated block."""
        return SimulatedCall(
            sender=self.sender or bytes(20),
            to=self.to,
            value=self.value,
            data=self.data,
            gas=self.gas,
            nonce=self.nonce,
            gas_price=self.gas_price,
            max_fee=self.max_fee or 0,
            tip=self.max_priority_fee or 0,
            access_list=self.access_list or (),
            delegations=self.delegations or (),
            blob_hashes=self.blob_hashes or (),
            max_blob_fee=self.max_blob_fee or 0,
        )

    def _compute_price(self, base_fee: int) -> int:
        cap = self.gas_price if self.gas_price is not None else self.max_fee
        if not cap:
            return 0
        if cap < base_fee:
            sender = "0x" + (self.sender or bytes(20)).hex()
            raise FeeTooLow(
                f"err: max fee per gas less than block base fee: address {sender}, "
                f"maxFeePerGas: {cap}, baseFee: {base_fee}"
            )
        tip = cap if self.gas_price is not None else self.max_priority_fee or 0
        return min(cap, base_fee + tip)


def decode_transaction_request(
    value: object, chain_id: int, name: str = "transaction"
) -> TransactionRequest:
    """Read a transaction object. Raises: InvalidParams."""
    fields = decode_object(value, name)

    def read(key: str, decode: Callable[[object, str], T]) -> T | None:
        return decode(fields[key], f"{name}.{key}") if key in fields else None

    request = TransactionRequest(
        sender=read("from", decode_address),
        to=None if fields.get("to") == "0x" else read("to", decode_address),
        value=read("value", decode_quantity) or 0,
        data=_decode_data(fields, name),
        gas=read("gas", decode_uint64),
        nonce=read("nonce", decode_uint64),
        gas_price=read("gasPrice", decode_quantity),
        max_fee=read("maxFeePerGas", decode_quantity),
        max_priority_fee=read("maxPriorityFeePerGas", decode_quantity),
        access_list=read("accessList", decode_access_list),
        type_id=read("type", decode_uint64),
        max_blob_fee=read("maxFeePerBlobGas", decode_quantity),
        blob_hashes=read("blobVersionedHashes", _decode_hashes),
        blobs=read("blobs", _decode_blobs),
        delegations=read("authorizationList", _decode_delegations),
    )
    given_chain_id = read("chainId", decode_quantity)
    if given_chain_id not in (None, chain_id):
        raise InvalidParams(f"{name}.chainId is {given_chain_id}, this chain is {chain_id}")
    _check_fees(request, name)
    return request


def decode_access_list(value: object, name: str) -> AccessList:
    """Addresses and their slots. Raises: InvalidParams."""
    entries = decode_list(value, name, MAX_ACCESS_LIST)
    return tuple(_decode_access(entry, f"{name}[{i}]") for i, entry in enumerate(entries))


def _check_fees(request: TransactionRequest, name: str) -> None:
    max_fee, tip = request.max_fee, request.max_priority_fee
    dynamic = max_fee is not None or tip is not None
    if request.gas_price is not None and dynamic:
        raise InvalidParams(
            f"{name} has both gasPrice and (maxFeePerGas or maxPriorityFeePerGas); give one"
        )
    if max_fee is not None and tip is not None and tip > max_fee:
        raise InvalidParams(f"{name}.maxPriorityFeePerGas is {tip}, above maxFeePerGas {max_fee}")
    if request.type_id is None:
        return
    if request.type_id > _SET_CODE:
        raise InvalidParams(f"{name}.type is {request.type_id}; there are types 0 to {_SET_CODE}")
    if dynamic != (request.type_id >= _DYNAMIC_FEE) and (dynamic or request.gas_price is not None):
        given = "maxFeePerGas" if dynamic else "gasPrice"
        raise InvalidParams(f"{name}.type is {request.type_id} and does not go with {given}")
    for key, given_field, kind in (
        ("authorizationList", request.delegations, _SET_CODE),
        ("blobVersionedHashes", request.blob_hashes, _BLOB),
        ("blobs", request.blobs, _BLOB),
    ):
        if given_field is not None and request.type_id != kind:
            raise InvalidParams(
                f"{name}.type is {request.type_id} and does not go with {key}; use type {kind}"
            )
    if request.type_id == _LEGACY and request.access_list is not None:
        raise InvalidParams(f"{name}.type is 0 and does not go with accessList; use type 1 or 2")


def _decode_data(fields: dict[str, object], name: str) -> bytes:
    given = {
        key: decode_bytes(fields[key], f"{name}.{key}")
        for key in ("input", "data")
        if key in fields
    }
    if len(set(given.values())) > 1:
        raise InvalidParams(f"{name}.input and {name}.data differ; give input")
    return next(iter(given.values()), b"")


def _decode_access(entry: object, where: str) -> tuple[Address, tuple[int, ...]]:
    fields = decode_object(entry, where)
    if "address" not in fields:
        raise build_refusal(where, entry, "an object with address and storageKeys")
    keys = decode_list(fields.get("storageKeys", []), f"{where}.storageKeys", MAX_ACCESS_LIST)
    slots = tuple(decode_word(key, f"{where}.storageKeys[{i}]") for i, key in enumerate(keys))
    return Address(decode_address(fields["address"], f"{where}.address")), slots


def _decode_hashes(value: object, name: str) -> tuple[bytes, ...]:
    items = decode_list(value, name, MAX_BLOBS)
    return tuple(decode_hash(item, f"{name}[{i}]") for i, item in enumerate(items))


def _decode_blobs(value: object, name: str) -> tuple[bytes, ...]:
    items = decode_list(value, name, MAX_BLOBS)
    return tuple(decode_bytes(item, f"{name}[{i}]") for i, item in enumerate(items))


def _decode_delegations(value: object, name: str) -> tuple[Delegation, ...]:
    items = decode_list(value, name, MAX_DELEGATIONS)
    return tuple(_decode_delegation(item, f"{name}[{i}]") for i, item in enumerate(items))


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
