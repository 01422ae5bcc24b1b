"""eth: headers alone, uncles, and transactions as bytes."""

from collections.abc import Mapping

from devnet.chain.block import Execution, build_execution
from devnet.node import Node
from devnet.rpc.block_reference import find_block_by_hash, find_block_by_number
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_hash, decode_number, encode_bytes, encode_quantity
from devnet.rpc.views import compute_block_size, show_header


def get_header_by_number(node: Node, block: object) -> Json:
    return _show_header(find_block_by_number(node, block))


def get_header_by_hash(node: Node, block_hash: object) -> Json:
    return _show_header(find_block_by_hash(node, block_hash))


def get_uncle_count_by_number(node: Node, block: object) -> Json:
    return _count_uncles(find_block_by_number(node, block))


def get_uncle_count_by_hash(node: Node, block_hash: object) -> Json:
    return _count_uncles(find_block_by_hash(node, block_hash))


def get_uncle_by_number(node: Node, block: object, index: object) -> Json:
    return _show_uncle(find_block_by_number(node, block), index)


def get_uncle_by_hash(node: Node, block_hash: object, index: object) -> Json:
    return _show_uncle(find_block_by_hash(node, block_hash), index)


def get_raw_transaction_by_hash(node: Node, transaction_hash: object) -> Json:
    """Waiting ones too; null for one that is unknown."""
    wanted = decode_hash(transaction_hash, "transactionHash")
    place = node.history.find_transaction(wanted)
    found = node.pool.get(wanted) if place is None else place.transaction
    return encode_bytes(found.raw) if found else None


def get_raw_transaction_by_number(node: Node, block: object, index: object) -> Json:
    return _show_raw(find_block_by_number(node, block), index)


def get_raw_transaction_by_block_hash(node: Node, block_hash: object, index: object) -> Json:
    return _show_raw(find_block_by_hash(node, block_hash), index)


METHODS: Mapping[str, Method] = {
    "eth_getHeaderByNumber": get_header_by_number,
    "eth_getHeaderByHash": get_header_by_hash,
    "eth_getUncleCountByBlockNumber": get_uncle_count_by_number,
    "eth_getUncleCountByBlockHash": get_uncle_count_by_hash,
    "eth_getUncleByBlockNumberAndIndex": get_uncle_by_number,
    "eth_getUncleByBlockHashAndIndex": get_uncle_by_hash,
    "eth_getRawTransactionByHash": get_raw_transaction_by_hash,
    "eth_getRawTransactionByBlockNumberAndIndex": get_raw_transaction_by_number,
    "eth_getRawTransactionByBlockHashAndIndex": get_raw_transaction_by_block_hash,
}


def _show_header(block: Execution | None) -> Json:
    return None if block is None else show_header(block)


def _count_uncles(block: Execution | None) -> Json:
    return None if block is None else encode_quantity(len(block.uncles))


def _show_uncle(block: Execution | None, index: object) -> Json:
    position = decode_number(index, "index")
    if block is None or position >= len(block.uncles):
        return None
    uncle = build_execution(block.uncles[position], (), (), ())
    return show_header(uncle) | {"size": encode_quantity(compute_block_size(uncle)), "uncles": []}


def _show_raw(block: Execution | None, index: object) -> Json:
    position = decode_number(index, "index")
    if block is None or position >= len(block.transactions):
        return None
    return encode_bytes(block.transactions[position].raw)
