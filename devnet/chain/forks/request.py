"""Requests to the consensus layer that a block makes. Source: EIP-7685; EIP-6110 for deposits."""

import hashlib
from collections.abc import Iterable, Sequence

from devnet.chain.block import Log
from devnet.errors import BadTransaction

DEPOSIT_TOPIC = bytes.fromhex("649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5")
DEPOSIT_TYPE = b"\x00"
_EVENT_BYTES = 576
_PARTS = (  # key, credentials, amount, signature, index: offset in the event, bytes
    (160, 48),
    (256, 32),
    (320, 8),
    (384, 96),
    (512, 8),
)


def read_deposits(logs: Iterable[Log], contract: bytes) -> bytes:
    """Deposits among events, one after another as EIP-6110 packs them.

    Raises: BadTransaction if an event has another layout: no block can hold its transaction.
    """
    deposits = b""
    for log in logs:
        if log.address == contract and log.topics and log.topics[0] == DEPOSIT_TOPIC:
            deposits += _read_deposit(log.data)
    return deposits


def compute_requests_hash(requests: Sequence[bytes]) -> bytes:
    """SHA-256 over the hashes of all requests that are not empty."""
    hashes = (hashlib.sha256(request).digest() for request in requests if len(request) > 1)
    return hashlib.sha256(b"".join(hashes)).digest()


def _read_deposit(data: bytes) -> bytes:
    if len(data) != _EVENT_BYTES:
        raise BadTransaction(f"deposit event of {len(data)} bytes, must have {_EVENT_BYTES}")
    parts = []
    for index, (offset, size) in enumerate(_PARTS):
        word = int.from_bytes(data[32 * index : 32 * index + 32], "big")
        length = int.from_bytes(data[offset : offset + 32], "big")
        if word != offset or length != size:
            raise BadTransaction(
                f"deposit event: part {index} has {length} bytes at {word}, "
                f"must have {size} at {offset}"
            )
        parts.append(data[offset + 32 : offset + 32 + size])
    return b"".join(parts)
