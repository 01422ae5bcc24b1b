"""Block header as plain data: the 21 fields of Prague, their RLP and their hash.

Imports nothing of the EVM, so an offline verifier can use it.
Source: Yellow Paper 4.4.3; EIP-1559, 4895, 4844, 4788, 7685 for the fields after `nonce`.
"""

from dataclasses import dataclass, fields

import rlp

from precompiles.digest import compute_keccak

EMPTY_TRIE_ROOT = compute_keccak(rlp.encode(b""))
EMPTY_UNCLES_HASH = compute_keccak(rlp.encode([]))
EMPTY_REQUESTS_HASH = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)  # SHA-256 of nothing, EIP-7685


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One block's header; field order is the order of the RLP list."""

    parent_hash: bytes
    uncles_hash: bytes = EMPTY_UNCLES_HASH
    coinbase: bytes
    state_root: bytes
    transactions_root: bytes = EMPTY_TRIE_ROOT
    receipts_root: bytes = EMPTY_TRIE_ROOT
    logs_bloom: bytes = bytes(256)
    difficulty: int = 0
    number: int
    gas_limit: int
    gas_used: int = 0
    timestamp: int
    extra_data: bytes = bytes(32)  # the inference root
    mix_hash: bytes  # prevRandao
    nonce: bytes = bytes(8)
    base_fee_per_gas: int
    withdrawals_root: bytes = EMPTY_TRIE_ROOT
    blob_gas_used: int = 0
    excess_blob_gas: int = 0
    parent_beacon_block_root: bytes = bytes(32)  # hash of the parent's certificate
    requests_hash: bytes = EMPTY_REQUESTS_HASH


HEADER_FIELDS = tuple(field.name for field in fields(Header))


def encode_header(header: Header) -> bytes:
    """RLP of the header: what its hash is taken over."""
    encoded: bytes = rlp.encode([_encode_field(getattr(header, name)) for name in HEADER_FIELDS])
    return encoded


def compute_header_hash(header: Header) -> bytes:
    """The block hash."""
    return compute_keccak(encode_header(header))


def _encode_field(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.to_bytes((value.bit_length() + 7) // 8, "big")
