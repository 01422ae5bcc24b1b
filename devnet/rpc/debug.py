"""debug: blocks and transactions as bytes, and what happened inside them."""

import gc
from collections.abc import Mapping, Sequence

from devnet.chain.block import Execution
from devnet.chain.body import Block, decode_block, encode_block
from devnet.chain.call import REFUSALS, try_call
from devnet.chain.header import compute_header_hash, encode_header
from devnet.chain.history import Place
from devnet.chain.receipt import encode_receipt
from devnet.errors import UnknownBlock
from devnet.node import Node
from devnet.rpc.block_reference import find_block_by_hash, find_block_by_number, get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.interfaces import get_interfaces
from devnet.rpc.lane import Routed, write
from devnet.rpc.quantity import decode_bytes, decode_hash, decode_object, encode_bytes
from devnet.rpc.replays import get_place, trace_block, trace_place
from devnet.rpc.setting import decode_call, decode_setting
from devnet.rpc.tracers import End, Job, Make, decode_tracer


def get_raw_header(node: Node, block: object) -> Json:
    return encode_bytes(encode_header(get_block(node, block).header))


def get_raw_block(node: Node, block: object) -> Json:
    return encode_bytes(_encode_block(get_block(node, block)))


def get_raw_receipts(node: Node, block: object) -> Json:
    found = get_block(node, block)
    pairs = zip(found.transactions, found.receipts, strict=True)
    return [encode_bytes(encode_receipt(t.type_id, receipt)) for t, receipt in pairs]


def get_raw_transactions(node: Node, block: object) -> Json:
    return [encode_bytes(transaction.raw) for transaction in get_block(node, block).transactions]


def get_raw_transaction(node: Node, transaction_hash: object) -> Json:
    """Waiting ones too; null for one that is unknown."""
    wanted = decode_hash(transaction_hash, "transactionHash")
    place = node.history.find_transaction(wanted)
    found = node.pool.get(wanted) if place is None else place.transaction
    return encode_bytes(found.raw) if found else None


def clear_pool(node: Node) -> Json:
    """Drop every waiting transaction."""
    node.pool.clear()
    return None


def free_memory(node: Node) -> Json:
    """Give back what nobody uses any more."""
    gc.collect()
    return None


def trace_transaction(node: Node, transaction_hash: object, config: object = None) -> Json:
    job = _decode_tracer(node, config)()
    place = get_place(node, transaction_hash)
    trace_place(node, place, job.tracer)
    return job.show(End(place.receipt.gas_used, place.block.header.number, place))


def trace_call(
    node: Node, transaction: object, block: object = None, config: object = None
) -> Json:
    """Trace a call; `config` may have `stateOverrides`, `blockOverrides` and `txIndex`.

    Raises: one of `REFUSALS`, in geth's words, for a call that does not begin.
    """
    fields = {} if config is None else decode_object(config, "config")
    job = _decode_tracer(node, config)()
    accounts, blocks = fields.get("stateOverrides"), fields.get("blockOverrides")
    setting = decode_setting(node, block, accounts, blocks, fields.get("txIndex"))
    call = decode_call(node, transaction, setting)
    try:
        result = try_call(setting.world, setting.header, setting.ancestors, call, job.tracer)
    except REFUSALS as refused:
        raise type(refused)(f"tracing failed: {refused}") from refused
    return job.show(End(result.gas_used, setting.header.number))


def trace_block_by_number(node: Node, block: object, config: object = None) -> Json:
    found = find_block_by_number(node, block)
    if found is None:
        raise UnknownBlock(f"block {block} not found; the head is {node.head.header.number}")
    return _trace(node, found, config)


def trace_block_by_hash(node: Node, block_hash: object, config: object = None) -> Json:
    found = find_block_by_hash(node, block_hash)
    if found is None:
        raise UnknownBlock(f"block {block_hash} not found")
    return _trace(node, found, config)


def trace_raw_block(node: Node, block: object, config: object = None) -> Json:
    """Trace a block given as RLP; it must be one of this chain."""
    given: Block = decode_block(decode_bytes(block, "block"))
    found = node.history.find_block(compute_header_hash(given.header))
    if found is None:
        raise UnknownBlock("the block is not one of this chain; its parent's state is unknown")
    return _trace(node, found, config)


METHODS: Mapping[str, Method | Routed] = {
    "debug_getRawHeader": get_raw_header,
    "debug_getRawBlock": get_raw_block,
    "debug_getRawReceipts": get_raw_receipts,
    "debug_getRawTransaction": get_raw_transaction,
    "debug_getRawTransactions": get_raw_transactions,
    "debug_clearTxpool": write(clear_pool),
    "debug_freeOSMemory": free_memory,
    "debug_traceTransaction": trace_transaction,
    "debug_traceCall": trace_call,
    "debug_traceBlockByNumber": trace_block_by_number,
    "debug_traceBlockByHash": trace_block_by_hash,
    "debug_traceBlock": trace_raw_block,
}


def _decode_tracer(node: Node, config: object) -> Make:
    return decode_tracer(config, get_interfaces(node))


def _encode_block(block: Execution) -> bytes:
    raws = tuple(transaction.raw for transaction in block.transactions)
    return encode_block(Block(block.header, raws, block.uncles, block.withdrawals))


def _trace(node: Node, block: Execution, config: object) -> Json:
    make = _decode_tracer(node, config)
    jobs: Sequence[Job] = [make() for _ in block.transactions]
    trace_block(node, block, [job.tracer for job in jobs])
    places = [Place(block, index) for index in range(len(jobs))]
    return [
        {
            "txHash": encode_bytes(place.transaction.hash),
            "result": job.show(End(place.receipt.gas_used, block.header.number, place)),
        }
        for place, job in zip(places, jobs, strict=True)
    ]
