"""trace: what each instruction cost in all, by transaction."""

from collections.abc import Mapping

from devnet.chain.history import Place
from devnet.chain.tracing.opcode_gas import OpcodeGasTracer
from devnet.node import Node
from devnet.rpc.block_reference import find_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_hash, encode_bytes
from devnet.rpc.replays import trace_block, trace_place


def count_transaction(node: Node, transaction_hash: object) -> Json:
    place = node.history.find_transaction(decode_hash(transaction_hash, "transactionHash"))
    if place is None:
        return None
    tracer = OpcodeGasTracer()
    trace_place(node, place, tracer)
    return _show(place, tracer)


def count_block(node: Node, block: object) -> Json:
    found = find_block(node, block)
    if found is None:
        return None
    tracers = [OpcodeGasTracer() for _ in found.transactions]
    if tracers:
        trace_block(node, found, tracers)
    places = (Place(found, index) for index in range(len(tracers)))
    return {
        "blockHash": encode_bytes(found.hash),
        "blockNumber": found.header.number,
        "transactions": [_show(*pair) for pair in zip(places, tracers, strict=True)],
    }


METHODS: Mapping[str, Method] = {
    "trace_transactionOpcodeGas": count_transaction,
    "trace_blockOpcodeGas": count_block,
}


def _show(place: Place, tracer: OpcodeGasTracer) -> dict[str, Json]:
    return {
        "transactionHash": encode_bytes(place.transaction.hash),
        "opcodeGas": [
            {"opcode": name, "count": found.count, "gasUsed": found.gas}
            for name, found in tracer.counts.items()
        ],
    }
