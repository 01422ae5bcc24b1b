"""ots and erigon: what the explorer Otterscan asks for beside eth.

Source: Otterscan's JSON-RPC API, level 8.
"""

from collections.abc import Mapping

from devnet.chain.block import Execution
from devnet.chain.forks.reward import compute_rewards
from devnet.chain.history import Place
from devnet.chain.tracing.call_tracer import CallFrame, CallTracer
from devnet.chain.tracing.event import CallKind, Reason
from devnet.node import Node
from devnet.rpc.block_reference import find_block, find_block_by_hash, get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.eth_pending import find_by_nonce
from devnet.rpc.eth_raw import get_header_by_number
from devnet.rpc.quantity import (
    decode_address,
    decode_number,
    encode_bytes,
    encode_quantity,
)
from devnet.rpc.replays import get_place, trace_place
from devnet.rpc.views import show_block, show_receipt

API_LEVEL = 8
MAX_PAGE = 1_000  # transactions
_TRANSFER, _SELFDESTRUCT, _CREATE, _CREATE2 = range(4)
_SELECTOR = 2 + 8  # characters
_OPERATIONS = {
    CallKind.CALL: _TRANSFER,
    CallKind.SELFDESTRUCT: _SELFDESTRUCT,
    CallKind.CREATE: _CREATE,
    CallKind.CREATE2: _CREATE2,
}


def get_api_level(node: Node) -> Json:
    return API_LEVEL


def has_code(node: Node, address: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    number = get_block(node, block).header.number
    return bool(node.open_state(number).get_code(account))


def get_block_details(node: Node, block: object) -> Json:
    return _show_details(node, find_block(node, block))


def get_block_details_by_hash(node: Node, block_hash: object) -> Json:
    return _show_details(node, find_block_by_hash(node, block_hash))


def get_block_transactions(node: Node, block: object, page: object, size: object) -> Json:
    """A page of a block's transactions, the call data cut to the selector."""
    start, count = decode_number(page, "page"), min(decode_number(size, "size"), MAX_PAGE)
    found = find_block(node, block)
    if found is None:
        return None
    first = min(start * count, len(found.transactions))
    window = slice(first, first + count)
    shown = dict(show_block(found, full=True))
    total = len(found.transactions)
    full = [_cut_input(transaction) for transaction in _get_list(shown, "transactions")[window]]
    places = [Place(found, index) for index in range(total)][window]
    return {
        "fullblock": shown | {"transactions": full, "transactionCount": total},
        "receipts": [show_receipt(place) | {"logs": None, "logsBloom": None} for place in places],
    }


def get_transaction_error(node: Node, transaction_hash: object) -> Json:
    """What a reverted transaction returned."""
    receipt = get_place(node, transaction_hash).receipt
    return encode_bytes(b"" if receipt.succeeded else receipt.output)


def get_internal_operations(node: Node, transaction_hash: object) -> Json:
    """Payments, creations and self-destructions inside a transaction that took effect."""
    top = _trace(node, get_place(node, transaction_hash))
    shown: list[Json] = []
    pending = [top]
    while pending:
        frame = pending.pop()
        if frame.failure is not None:
            continue
        kind = _OPERATIONS.get(frame.kind)
        if frame is not top and (kind or (kind == _TRANSFER and frame.value)):
            shown.append({"type": kind, **_show_payment(frame)})
        pending.extend(reversed(frame.calls))
    return shown


def trace_transaction(node: Node, transaction_hash: object) -> Json:
    """All frames in order of entry."""
    top = _trace(node, get_place(node, transaction_hash))
    return [
        {
            "type": frame.kind.value,
            "depth": frame.depth,
            **_show_payment(frame),
            "input": encode_bytes(frame.data),
            "output": encode_bytes(_get_output(frame)),
        }
        for frame in top.walk()
    ]


def get_hash_by_sender_and_nonce(node: Node, address: object, nonce: object) -> Json:
    sender, wanted = decode_address(address, "address"), decode_number(nonce, "nonce")
    place = find_by_nonce(node, sender, wanted)
    return None if place is None else encode_bytes(place.transaction.hash)


def get_contract_creator(node: Node, address: object) -> Json:
    """The transaction and the account that created a contract; null for those of block 0."""
    wanted = decode_address(address, "address")
    number = _find_first_code(node, wanted)
    if not number:
        return None
    block = node.history.get_block(number)
    for index in range(len(block.transactions)):
        place = Place(block, index)
        for frame in _trace(node, place).walk():
            if frame.kind.is_creation and frame.target == wanted and frame.failure is None:
                return {
                    "hash": encode_bytes(place.transaction.hash),
                    "creator": encode_bytes(frame.caller),
                }
    return None


METHODS: Mapping[str, Method] = {
    "ots_getApiLevel": get_api_level,
    "ots_hasCode": has_code,
    "ots_getBlockDetails": get_block_details,
    "ots_getBlockDetailsByHash": get_block_details_by_hash,
    "ots_getBlockTransactions": get_block_transactions,
    "ots_getTransactionError": get_transaction_error,
    "ots_getInternalOperations": get_internal_operations,
    "ots_traceTransaction": trace_transaction,
    "ots_getTransactionBySenderAndNonce": get_hash_by_sender_and_nonce,
    "ots_getContractCreator": get_contract_creator,
    "erigon_getHeaderByNumber": get_header_by_number,
}


def _trace(node: Node, place: Place) -> CallFrame:
    tracer = CallTracer()
    trace_place(node, place, tracer)
    return tracer.top


def _show_payment(frame: CallFrame) -> dict[str, Json]:
    return {
        "from": encode_bytes(frame.caller),
        "to": encode_bytes(frame.target),
        "value": encode_quantity(frame.value or 0),
    }


def _get_output(frame: CallFrame) -> bytes:
    is_told = frame.failure is None or frame.failure.reason is Reason.REVERTED
    return frame.output if is_told else b""


def _show_details(node: Node, block: Execution | None) -> Json:
    if block is None:
        return None
    fork = node.cluster.world.schedule.find_fork(block.header)
    paid = [amount for _, amount in compute_rewards(block.header, block.uncles, fork)]
    own, uncles = (paid[-1], sum(paid[:-1])) if paid else (0, 0)
    shown = dict(show_block(block, full=False))
    del shown["transactions"]
    return {
        "block": shown | {"logsBloom": None, "transactionCount": len(block.transactions)},
        "issuance": {
            "blockReward": encode_quantity(own),
            "uncleReward": encode_quantity(uncles),
            "issuance": encode_quantity(own + uncles),
        },
        "totalFees": encode_quantity(
            sum(receipt.gas_used * receipt.effective_gas_price for receipt in block.receipts)
        ),
    }


def _cut_input(transaction: Json) -> Json:
    assert isinstance(transaction, Mapping), "full transactions are objects"
    given = transaction["input"]
    assert isinstance(given, str), "input is hex"
    return {**transaction, "input": given[:_SELECTOR]}


def _get_list(shown: Mapping[str, Json], key: str) -> list[Json]:
    found = shown[key]
    assert isinstance(found, list), "shown as a list"
    return found


def _find_first_code(node: Node, address: bytes) -> int | None:
    """Number of the block after which there is code, by bisection; None if there is none now."""
    low, high = 0, node.head.header.number
    if not node.open_state(high).get_code(address):
        return None
    while low < high:
        middle = (low + high) // 2
        has = bool(node.open_state(middle).get_code(address))
        low, high = (low, middle) if has else (middle + 1, high)
    return low
