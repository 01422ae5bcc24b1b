"""Transaction objects as clients send them to call, estimate, simulate, sign and send.

Fields nobody knows are ignored, as geth does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from eth_utils.address import to_checksum_address

from devnet.chain.call import MAX_CALL_GAS, Call
from devnet.chain.forks.fork import Fork
from devnet.chain.message import Delegation
from devnet.chain.signing import AccessList
from devnet.chain.simulated_call import SimulatedCall
from devnet.errors import (
    ChainError,
    InvalidParams,
    UnsupportedTransaction,
)
from devnet.rpc.quantity import (
    decode_address,
    decode_bytes,
    decode_number,
    decode_object,
    decode_quantity,
    decode_uint64,
)
from devnet.rpc.transaction_fields import (
    decode_access_list,
    decode_blobs,
    decode_delegations,
    decode_hashes,
)

T = TypeVar("T")
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

    def build_call(self, fork: Fork) -> Call:
        """The message to try in a block; as in geth its type follows from its fields.

        Raises: UnsupportedTransaction for what the fork does not know.
        """
        self._check_fork(fork)
        price = self.gas_price
        return Call(
            sender=self.sender or bytes(20),
            to=self.to,
            value=self.value,
            data=self.data,
            gas=self.gas,
            max_fee=(self.max_fee or 0) if price is None else price,
            tip=(self.max_priority_fee or 0) if price is None else price,
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

    def _check_fork(self, fork: Fork) -> None:
        if fork < Fork.LONDON and not self.max_fee is self.max_priority_fee is None:
            raise UnsupportedTransaction(
                "maxFeePerGas and maxPriorityFeePerGas are not valid before London is active"
            )
        for kind, first, given in (
            ("setcode", Fork.PRAGUE, self.delegations),
            ("blob", Fork.CANCUN, self.blob_hashes),
            ("blob", Fork.CANCUN, self.max_blob_fee),
            ("access list", Fork.BERLIN, self.access_list),
        ):
            if fork < first and given is not None:
                gas = MAX_CALL_GAS if self.gas is None else min(self.gas, MAX_CALL_GAS)
                sender = to_checksum_address(self.sender or bytes(20))
                raise UnsupportedTransaction(
                    f"err: transaction type not supported: {kind} tx (sender {sender}) "
                    f"(supplied gas {gas})"
                )


def decode_transaction_request(
    value: object, chain_id: int, name: str = "transaction"
) -> TransactionRequest:
    """Read a transaction object. Raises: InvalidParams; ChainError if it names two prices."""
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
        type_id=read("type", decode_number),
        max_blob_fee=read("maxFeePerBlobGas", decode_quantity),
        blob_hashes=read("blobVersionedHashes", decode_hashes),
        blobs=read("blobs", decode_blobs),
        delegations=read("authorizationList", decode_delegations),
    )
    given_chain_id = read("chainId", decode_quantity)
    if given_chain_id not in (None, chain_id):
        raise InvalidParams(f"{name}.chainId is {given_chain_id}, this chain is {chain_id}")
    if request.gas_price is not None and _is_dynamic(request):
        raise ChainError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    return request


def check_type(request: TransactionRequest, name: str = "transaction") -> None:
    """Hold the type that was named against the other fields; calls ignore it.

    Raises: InvalidParams.
    """
    max_fee, tip, kind = request.max_fee, request.max_priority_fee, request.type_id
    if max_fee is not None and tip is not None and tip > max_fee:
        raise InvalidParams(f"{name}.maxPriorityFeePerGas is {tip}, above maxFeePerGas {max_fee}")
    if kind is None:
        return
    if kind > _SET_CODE:
        raise InvalidParams(f"{name}.type is {kind}; there are types 0 to {_SET_CODE}")
    is_dynamic = _is_dynamic(request)
    if is_dynamic != (kind >= _DYNAMIC_FEE) and (is_dynamic or request.gas_price is not None):
        given = "maxFeePerGas" if is_dynamic else "gasPrice"
        raise InvalidParams(f"{name}.type is {kind} and does not go with {given}")
    for key, given_field, wanted in (
        ("authorizationList", request.delegations, _SET_CODE),
        ("blobVersionedHashes", request.blob_hashes, _BLOB),
        ("blobs", request.blobs, _BLOB),
    ):
        if given_field is not None and kind != wanted:
            raise InvalidParams(
                f"{name}.type is {kind} and does not go with {key}; use type {wanted}"
            )
    if kind == _LEGACY and request.access_list is not None:
        raise InvalidParams(f"{name}.type is 0 and does not go with accessList; use type 1 or 2")


def _is_dynamic(request: TransactionRequest) -> bool:
    return request.max_fee is not None or request.max_priority_fee is not None


def _decode_data(fields: dict[str, object], name: str) -> bytes:
    given = {
        key: decode_bytes(fields[key], f"{name}.{key}")
        for key in ("input", "data")
        if key in fields
    }
    if len(set(given.values())) > 1:
        raise InvalidParams(f"{name}.input and {name}.data differ; give input")
    return next(iter(given.values()), b"")
