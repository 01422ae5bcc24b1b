"""Fills in what a transaction request leaves open: nonce, gas, fees, type, blobs' proofs."""

from dataclasses import dataclass, replace

from devnet.chain.account import DevAccount
from devnet.chain.call import Call
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    compute_blob_proof,
    compute_cell_proofs,
    compute_commitment,
    compute_versioned_hash,
)
from devnet.chain.message import ACCESS_LIST_TYPE, DYNAMIC_TYPE, Message, build_message
from devnet.chain.sidecar import BLOB_TYPE, Sidecar
from devnet.errors import ChainError, InvalidParams
from devnet.node import Node
from devnet.rpc.quantity import encode_bytes
from devnet.rpc.transaction_request import TransactionRequest, check_type

TIP_WEI = 10**9  # per gas; what the node adds where the caller names no fee
_CELL_VERSION = 1


@dataclass(frozen=True, slots=True)
class Filled:
    """A complete transaction before it is signed, and its blobs if it has any."""

    message: Message
    sidecar: Sidecar | None


def find_account(node: Node, sender: bytes | None) -> DevAccount:
    """The unlocked account that signs; the first one if none is named. Raises: ChainError."""
    if sender is None and node.accounts:
        return node.accounts[0]
    account = None if sender is None else node.find_account(sender)
    if account is None:
        who = "from is missing" if sender is None else f"unknown account {encode_bytes(sender)}"
        raise ChainError(
            f"{who}: use one of eth_accounts, or sign it yourself and use eth_sendRawTransaction"
        )
    return account


def fill_request(node: Node, request: TransactionRequest, sender: bytes) -> Filled:
    """Raises: InvalidParams if type or blobs do not fit; what estimating gas raises."""
    check_type(request)
    sidecar = _build_sidecar(node, request)
    if sidecar is not None:
        hashes = tuple(map(compute_versioned_hash, sidecar.commitments))
        request = replace(request, blob_hashes=hashes)
    type_id = _choose_type(node, request)
    max_fee, tip = _choose_fees(node, request, type_id)
    nonce = request.nonce
    message = build_message(
        sender=sender,
        to=request.to,
        value=request.value,
        data=request.data,
        gas=_choose_gas(node, request, sender),
        max_fee=max_fee,
        tip=tip,
        fork=node.next_rules.fork,
        nonce=node.get_pending_nonce(sender) if nonce is None else nonce,
        access_list=request.access_list or (),
        delegations=request.delegations or (),
        blob_hashes=request.blob_hashes or (),
        max_blob_fee=_choose_blob_fee(node, request, type_id),
        chain_id=node.config.chain_id,
        type_id=type_id,
    )
    return Filled(message, sidecar)


def _choose_type(node: Node, request: TransactionRequest) -> int | None:
    """The type that was named or that fields need; None for the least of 2, 3 and 4."""
    if request.type_id is not None:
        return request.type_id
    if request.gas_price is not None or node.next_rules.fork < Fork.LONDON:
        return 0 if request.access_list is None else ACCESS_LIST_TYPE
    return None


def _choose_fees(node: Node, request: TransactionRequest, type_id: int | None) -> tuple[int, int]:
    """Max fee and tip: room for the base fee to double, one gwei of tip."""
    base_fee = node.next_base_fee
    if type_id is not None and type_id < DYNAMIC_TYPE:
        price = base_fee + TIP_WEI if request.gas_price is None else request.gas_price
        return price, price
    tip, max_fee = request.max_priority_fee, request.max_fee
    if tip is None:
        tip = TIP_WEI if max_fee is None else min(TIP_WEI, max_fee)
    return (2 * base_fee + tip if max_fee is None else max_fee), tip


def _choose_blob_fee(node: Node, request: TransactionRequest, type_id: int | None) -> int:
    if type_id != BLOB_TYPE and not request.blob_hashes:
        return 0
    fee = request.max_blob_fee
    return 2 * node.next_blob_base_fee if fee is None else fee


def _choose_gas(node: Node, request: TransactionRequest, sender: bytes) -> int:
    if request.gas is not None:
        return request.gas
    call = Call(
        sender=sender,
        to=request.to,
        value=request.value,
        data=request.data,
        access_list=request.access_list or (),
        delegations=request.delegations or (),
        blob_hashes=request.blob_hashes or (),
    )
    return node.estimate_gas(call)


def _build_sidecar(node: Node, request: TransactionRequest) -> Sidecar | None:
    """Blobs with commitments and the proofs that the next block's fork asks for."""
    if not request.blobs:
        return None
    for index, blob in enumerate(request.blobs):
        if len(blob) != BLOB_BYTES:
            raise InvalidParams(f"blobs[{index}] has {len(blob)} bytes, must have {BLOB_BYTES}")
    try:
        commitments = tuple(map(compute_commitment, request.blobs))
    except ValueError as broken:
        raise InvalidParams(f"blobs: {broken}") from broken
    hashes = tuple(map(compute_versioned_hash, commitments))
    if request.blob_hashes is not None and request.blob_hashes != hashes:
        raise InvalidParams("blobVersionedHashes are not those of the blobs; leave them out")
    if node.next_rules.fork >= Fork.OSAKA:
        cells = tuple(proof for blob in request.blobs for proof in compute_cell_proofs(blob))
        return Sidecar(_CELL_VERSION, request.blobs, commitments, cells)
    proofs = tuple(map(compute_blob_proof, request.blobs, commitments))
    return Sidecar(0, request.blobs, commitments, proofs)
