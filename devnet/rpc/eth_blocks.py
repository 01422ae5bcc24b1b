"""eth: blocks, the transactions in them and their receipts."""

from collections.abc import Mapping

from devnet.chain.block import Execution
from devnet.chain.history import Place
from devnet.node import Node
from devnet.rpc.block_reference import (
    PENDING,
    find_block,
    find_block_by_hash,
    find_block_by_number,
)
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, quick
from devnet.rpc.quantity import decode_flag, decode_hash, decode_number, encode_quantity
from devnet.rpc.views import (
    show_block,
    show_draft,
    show_receipt,
    show_transaction,
    show_waiting,
)


def get_block_number(node: Node) -> Json:
    return encode_quantity(node.head.header.number)


def get_block_by_number(node: Node, block: object, full: object = False) -> Json:
    if block == PENDING:
        return show_draft(node.draft(), decode_flag(full, "full"))
    return _show_block(find_block_by_number(node, block), full)


def get_block_by_hash(node: Node, block_hash: object, full: object = False) -> Json:
    return _show_block(find_block_by_hash(node, block_hash), full)


def get_transaction_count_by_number(node: Node, block: object) -> Json:
    found = node.draft().block if block == PENDING else find_block_by_number(node, block)
    return _count_transactions(found)


def get_transaction_count_by_hash(node: Node, block_hash: object) -> Json:
    return _count_transactions(find_block_by_hash(node, block_hash))


def get_block_receipts(node: Node, block: object) -> Json:
    found = find_block(node, block)
    if found is None:
        return None
    return [show_receipt(Place(found, index)) for index in range(len(found.transactions))]


def get_transaction_by_hash(node: Node, transaction_hash: object) -> Json:
    wanted = decode_hash(transaction_hash, "transactionHash")
    place = node.history.find_transaction(wanted)
    if place is not None:
        return show_transaction(place)
    waiting = node.pool.get(wanted)
    return None if waiting is None else show_waiting(waiting)


def get_transaction_by_number(node: Node, block: object, index: object) -> Json:
    if block == PENDING:
        position, waiting = decode_number(index, "index"), node.draft().block.transactions
        return show_waiting(waiting[position]) if position < len(waiting) else None
    return _show_transaction(find_block_by_number(node, block), index)


def get_transaction_by_block_hash(node: Node, block_hash: object, index: object) -> Json:
    return _show_transaction(find_block_by_hash(node, block_hash), index)


def get_transaction_receipt(node: Node, transaction_hash: object) -> Json:
    place = node.history.find_transaction(decode_hash(transaction_hash, "transactionHash"))
    return None if place is None else show_receipt(place)


METHODS: Mapping[str, Method | Routed] = {
    "eth_blockNumber": quick(get_block_number),
    "eth_getBlockByNumber": get_block_by_number,
    "eth_getBlockByHash": get_block_by_hash,
    "eth_getBlockTransactionCountByNumber": get_transaction_count_by_number,
    "eth_getBlockTransactionCountByHash": get_transaction_count_by_hash,
    "eth_getBlockReceipts": get_block_receipts,
    "eth_getTransactionByHash": get_transaction_by_hash,
    "eth_getTransactionByBlockNumberAndIndex": get_transaction_by_number,
    "eth_getTransactionByBlockHashAndIndex": get_transaction_by_block_hash,
    "eth_getTransactionReceipt": get_transaction_receipt,
}


def _show_block(block: Execution | None, full: object) -> Json:
    whole = decode_flag(full, "full")
    return None if block is None else show_block(block, whole)


def _count_transactions(block: Execution | None) -> Json:
    return None if block is None else encode_quantity(len(block.transactions))


def _show_transaction(block: Execution | None, index: object) -> Json:
    position = decode_number(index, "index")
    if block is None or position >= len(block.transactions):
        return None
    return show_transaction(Place(block, position))
