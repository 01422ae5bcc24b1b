"""Transaction objects as clients send them to call, estimate and send.

Fields the node cannot honour are refused, never dropped; fields nobody knows are ignored, as geth
does.
"""

from dataclasses import dataclass

from eth_typing import Address

from devnet.chain.call import Call
from devnet.chain.signing import AccessList
from devnet.errors import FeeTooLow, InvalidParams
from devnet.rpc.quantity import (
    build_refusal,
    decode_address,
    decode_bytes,
    decode_list,
    decode_object,
    decode_quantity,
    decode_word,
)

MAX_ACCESS_LIST = 10_000  # addresses, and slots of each
_DYNAMIC_FEE = 2  # the highest type that needs no more than these fields
_UNSUPPORTED = ("blobs", "blobVersionedHashes", "maxFeePerBlobGas", "authorizationList")


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
        )

    def _compute_price(self, base_fee: int) -> int:
        cap = self.gas_price if self.gas_price is not None else self.max_fee
        if not cap:
            return 0
        if cap < base_fee:
            raise FeeTooLow(
                f"max fee per gas less than block base fee: maxFeePerGas {cap}, baseFee {base_fee}"
            )
        tip = cap if self.gas_price is not None else self.max_priority_fee or 0
        return min(cap, base_fee + tip)


def decode_transaction_request(
    value: object, chain_id: int, name: str = "transaction"
) -> TransactionRequest:
    """Read a transaction object. Raises: InvalidParams."""
    fields = decode_object(value, name)
    for key in _UNSUPPORTED:
        if fields.get(key):
            raise InvalidParams(
                f"{name}.{key} is not supported here; sign the transaction yourself and send it "
                "with eth_sendRawTransaction"
            )

    def number(key: str) -> int | None:
        return decode_quantity(fields[key], f"{name}.{key}") if key in fields else None

    def address(key: str) -> bytes | None:
        return decode_address(fields[key], f"{name}.{key}") if key in fields else None

    request = TransactionRequest(
        sender=address("from"),
        to=None if fields.get("to") == "0x" else address("to"),
        value=number("value") or 0,
        data=_decode_data(fields, name),
        gas=number("gas"),
        nonce=number("nonce"),
        gas_price=number("gasPrice"),
        max_fee=number("maxFeePerGas"),
        max_priority_fee=number("maxPriorityFeePerGas"),
        access_list=_decode_access_list(fields, name),
        type_id=number("type"),
    )
    given_chain_id = number("chainId")
    if given_chain_id not in (None, chain_id):
        raise InvalidParams(f"{name}.chainId is {given_chain_id}, this chain is {chain_id}")
    _check_fees(request, name)
    return request


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
    if request.type_id > _DYNAMIC_FEE:
        raise InvalidParams(f"{name}.type is {request.type_id}; types 0 to 2 are supported here")
    if dynamic != (request.type_id == _DYNAMIC_FEE) and (dynamic or request.gas_price is not None):
        given = "maxFeePerGas" if dynamic else "gasPrice"
        raise InvalidParams(f"{name}.type is {request.type_id} and does not go with {given}")
    if request.type_id == 0 and request.access_list is not None:
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


def _decode_access_list(fields: dict[str, object], name: str) -> AccessList | None:
    if "accessList" not in fields:
        return None
    where = f"{name}.accessList"
    entries = decode_list(fields["accessList"], where, MAX_ACCESS_LIST)
    return tuple(_decode_access(entry, f"{where}[{i}]") for i, entry in enumerate(entries))


def _decode_access(entry: object, where: str) -> tuple[Address, tuple[int, ...]]:
    fields = decode_object(entry, where)
    if "address" not in fields:
        raise build_refusal(where, entry, "an object with address and storageKeys")
    keys = decode_list(fields.get("storageKeys", []), f"{where}.storageKeys", MAX_ACCESS_LIST)
    slots = tuple(decode_word(key, f"{where}.storageKeys[{i}]") for i, key in enumerate(keys))
    return Address(decode_address(fields["address"], f"{where}.address")), slots
