"""Receipts as bytes: what the receipts root is taken over, and the bloom of their events."""

from collections.abc import Sequence

from eth_bloom.bloom import BloomFilter

from devnet.chain.block import Log, Receipt
from devnet.chain.state.encoding import encode_list, encode_number, encode_string


def encode_receipt(type_id: int, receipt: Receipt) -> bytes:
    """Consensus encoding of a receipt (EIP-2718); before Byzantium with a state root for status."""
    body = encode_list(
        encode_string(receipt.state_root or (b"\x01" if receipt.succeeded else b""))
        + encode_number(receipt.cumulative_gas_used)
        + encode_string(compute_bloom(receipt.logs))
        + encode_list(b"".join(map(_encode_log, receipt.logs)))
    )
    return bytes([type_id]) + body if type_id else body


def _encode_log(log: Log) -> bytes:
    topics = encode_list(b"".join(map(encode_string, log.topics)))
    return encode_list(encode_string(log.address) + topics + encode_string(log.data))


def compute_bloom(logs: Sequence[Log]) -> bytes:
    """2048-bit bloom over addresses and topics."""
    if not logs:
        return bytes(256)
    bloom = BloomFilter()
    for log in logs:
        bloom.add(log.address)
        for topic in log.topics:
            bloom.add(topic)
    return int(bloom).to_bytes(256, "big")
