"""Block header as plain data: its fields, their RLP and their hash; older forks have fewer fields.

Imports nothing of the EVM, so an offline verifier can use it.
Source: Yellow Paper 4.4.3; EIP-1559, 4895, 4844, 4788, 7685 for the fields after `nonce`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import rlp

from devnet.chain.state.encoding import encode_list, encode_string
from devnet.errors import BadBlock
from precompiles.digest import compute_keccak

FRONTIER_LENGTH = 15  # fields of a header, by the fork that brought them
LONDON_LENGTH = 16
SHANGHAI_LENGTH = 17
CANCUN_LENGTH = 20
PRAGUE_LENGTH = 21

EMPTY_TRIE_ROOT = compute_keccak(rlp.encode(b""))
EMPTY_UNCLES_HASH = compute_keccak(rlp.encode([]))
EMPTY_REQUESTS_HASH = bytes.fromhex(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)  # SHA-256 of nothing, EIP-7685


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One block's header; field order is the order of the RLP list.

    Fields from index `length` on are not part of it and hold their defaults.
    """

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
    base_fee_per_gas: int = 0
    withdrawals_root: bytes = EMPTY_TRIE_ROOT
    blob_gas_used: int = 0
    excess_blob_gas: int = 0
    parent_beacon_block_root: bytes = bytes(32)  # hash of the parent's certificate
    requests_hash: bytes = EMPTY_REQUESTS_HASH
    length: int = PRAGUE_LENGTH


HEADER_FIELDS = tuple(field.name for field in fields(Header) if field.name != "length")
LENGTHS = (FRONTIER_LENGTH, LONDON_LENGTH, SHANGHAI_LENGTH, CANCUN_LENGTH, PRAGUE_LENGTH)
_SIZES = {  # bytes; 32 if not named
    "coinbase": 20,
    "logs_bloom": 256,
    "nonce": 8,
}
_INTEGERS = {field.name for field in fields(Header) if field.type is int}
_MAX_INTEGER_BYTES = {"difficulty": 32, "base_fee_per_gas": 32}  # 8 if not named


def get_fields(header: Header) -> tuple[str, ...]:
    """Names of the fields that this header has."""
    return HEADER_FIELDS[: header.length]


def encode_header(header: Header) -> bytes:
    """RLP of the header: what its hash is taken over."""
    return encode_list(b"".join(map(encode_string, list_header(header))))


def list_header(header: Header) -> list[bytes]:
    """The items of the header's RLP list."""
    return [_encode_field(getattr(header, name)) for name in get_fields(header)]


def decode_header(items: Sequence[bytes]) -> Header:
    """The header of an RLP list.

    Raises: BadBlock naming the field that is not canonical.
    """
    if not isinstance(items, list | tuple) or len(items) not in LENGTHS:
        raise BadBlock(f"a header is a list of {LENGTHS} fields")
    names = HEADER_FIELDS[: len(items)]
    values = {name: _decode_field(name, item) for name, item in zip(names, items, strict=True)}
    return Header(**values, length=len(items))  # type: ignore[arg-type]


def compute_header_hash(header: Header) -> bytes:
    """The block hash."""
    return compute_keccak(encode_header(header))


def _encode_field(value: int | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _decode_field(name: str, item: bytes) -> int | bytes:
    if not isinstance(item, bytes):
        raise BadBlock(f"header field {name} is a list, must be bytes")
    if name in _INTEGERS:
        if item[:1] == b"\0":
            raise BadBlock(f"header field {name} has a leading zero: 0x{item.hex()}")
        limit = _MAX_INTEGER_BYTES.get(name, 8)
        if len(item) > limit:
            raise BadBlock(f"header field {name} has {len(item)} bytes, at most {limit}")
        return int.from_bytes(item, "big")
    size = _SIZES.get(name, 32)
    if len(item) != size and name != "extra_data":
        raise BadBlock(f"header field {name} has {len(item)} bytes, must have {size}")
    return item
