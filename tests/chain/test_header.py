"""Headers are py-evm's headers: same bytes, same hash, for any field values."""

from typing import Any

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import rlp
from eth.vm.forks.prague.blocks import PragueBlockHeader
from eth_typing import BlockNumber
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.header import (
    EMPTY_REQUESTS_HASH,
    EMPTY_TRIE_ROOT,
    EMPTY_UNCLES_HASH,
    HEADER_FIELDS,
    Header,
    compute_header_hash,
    encode_header,
)

UPSTREAM_NAMES = {
    "transactions_root": "transaction_root",
    "receipts_root": "receipt_root",
    "logs_bloom": "bloom",
    "number": "block_number",
}
HASH = st.binary(min_size=32, max_size=32)
NUMBER = st.integers(0, 2**64 - 1)
HEADERS = st.builds(
    Header,
    parent_hash=HASH,
    uncles_hash=HASH,
    coinbase=st.binary(min_size=20, max_size=20),
    state_root=HASH,
    transactions_root=HASH,
    receipts_root=HASH,
    logs_bloom=st.binary(min_size=256, max_size=256),
    difficulty=NUMBER,
    number=NUMBER,
    gas_limit=NUMBER,
    gas_used=NUMBER,
    timestamp=NUMBER,
    extra_data=st.binary(max_size=32),
    mix_hash=HASH,
    nonce=st.binary(min_size=8, max_size=8),
    base_fee_per_gas=st.integers(0, 2**256 - 1),
    withdrawals_root=HASH,
    blob_gas_used=NUMBER,
    excess_blob_gas=NUMBER,
    parent_beacon_block_root=HASH,
    requests_hash=HASH,
)


def to_upstream(header: Header) -> PragueBlockHeader:
    """The same values as py-evm's header."""
    values = {UPSTREAM_NAMES.get(name, name): getattr(header, name) for name in HEADER_FIELDS}
    values["bloom"] = int.from_bytes(header.logs_bloom, "big")
    return PragueBlockHeader(**dict[str, Any](values))


@given(header=HEADERS)
def test_header_encodes_and_hashes_as_in_py_evm(header: Header) -> None:
    """The bytes are py-evm's RLP, and the hash is the one it gives the block."""
    upstream = to_upstream(header)
    assert encode_header(header) == rlp.encode(upstream)
    assert compute_header_hash(header) == upstream.hash


@given(header=HEADERS)
def test_header_reads_back_from_its_bytes(header: Header) -> None:
    """py-evm decodes our bytes to the same values, so no two headers share an encoding."""
    assert rlp.decode(encode_header(header), PragueBlockHeader) == to_upstream(header)


def test_constants_of_emptiness_are_those_of_py_evm() -> None:
    """Empty trie, uncles and requests have the hashes that every client expects."""
    empty = PragueBlockHeader(difficulty=0, block_number=BlockNumber(1), gas_limit=0, timestamp=1)
    assert empty.transaction_root == EMPTY_TRIE_ROOT
    assert empty.uncles_hash == EMPTY_UNCLES_HASH
    assert empty.requests_hash == EMPTY_REQUESTS_HASH
