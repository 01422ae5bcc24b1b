"""Blocks as bytes: canonical, reversible, and measured without being made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import rlp
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.chain.block import Withdrawal
from devnet.chain.body import (
    Block,
    compute_block_bytes,
    compute_uncles_hash,
    compute_withdrawals_root,
    decode_block,
    encode_block,
)
from devnet.chain.header import (
    EMPTY_TRIE_ROOT,
    EMPTY_UNCLES_HASH,
    HEADER_FIELDS,
    Header,
    compute_header_hash,
    decode_header,
    encode_header,
    get_fields,
    list_header,
)
from devnet.errors import BadBlock
from precompiles.digest import compute_keccak

LENGTHS = (15, 16, 17, 20, 21)
NUMBER = st.integers(0, 2**64 - 1)
HASH = st.binary(min_size=32, max_size=32)
DEFAULTS = Header(
    parent_hash=bytes(32),
    coinbase=bytes(20),
    state_root=bytes(32),
    number=7,
    gas_limit=1,
    timestamp=2,
    mix_hash=bytes(32),
)
LEGACY = st.lists(st.binary(max_size=70), min_size=1, max_size=9).map(rlp.encode)
TYPED = st.builds(lambda kind, body: bytes([kind]) + body, st.integers(1, 4), LEGACY)
WITHDRAWALS = st.builds(Withdrawal, NUMBER, NUMBER, st.binary(min_size=20, max_size=20), NUMBER)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    """Headers of every length; fields that are not there hold their defaults."""
    length = draw(st.sampled_from(LENGTHS))
    header = replace(
        DEFAULTS,
        parent_hash=draw(HASH),
        difficulty=draw(st.integers(0, 2**256 - 1)),
        number=draw(NUMBER),
        extra_data=draw(st.binary(max_size=40)),
        nonce=draw(st.binary(min_size=8, max_size=8)),
        length=length,
    )
    late = {
        "base_fee_per_gas": st.integers(0, 2**256 - 1),
        "withdrawals_root": HASH,
        "blob_gas_used": NUMBER,
        "excess_blob_gas": NUMBER,
        "requests_hash": HASH,
    }
    names = get_fields(header)
    drawn: dict[str, Any] = {name: draw(s) for name, s in late.items() if name in names}
    return replace(header, **drawn)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """Blocks of any fork, with uncles and withdrawals where there can be some."""
    header = draw(headers())
    return Block(
        header,
        tuple(draw(st.lists(LEGACY | TYPED, max_size=4))),
        tuple(draw(st.lists(headers(), max_size=2))),
        tuple(draw(st.lists(WITHDRAWALS, max_size=3))) if header.length >= 17 else (),
    )


@given(header=headers())
def test_headers_of_every_fork_are_read_back(header: Header) -> None:
    """The number of fields tells the fork; the hash is over those alone."""
    items = rlp.decode(encode_header(header))
    assert len(items) == header.length == len(get_fields(header))
    assert decode_header(items) == header
    assert compute_header_hash(header) == compute_keccak(rlp.encode(items))


@given(block=blocks())
@settings(max_examples=150)
def test_blocks_are_read_back_and_measured(block: Block) -> None:
    """The length is known without making the bytes."""
    raw = encode_block(block)
    assert decode_block(raw) == block
    body = (block.transactions, block.uncles, block.withdrawals)
    assert compute_block_bytes(block.header, *body) == len(raw)


@pytest.mark.parametrize("size", [1, 54, 55, 56, 255, 256, 65_536, 2**24])
def test_length_is_right_at_every_boundary_of_the_encoding(size: int) -> None:
    """Where the prefix grows."""
    raws = (b"\x02" + bytes(size), bytes(rlp.encode([bytes(size)])))
    block = Block(DEFAULTS, raws)
    assert compute_block_bytes(DEFAULTS, raws) == len(encode_block(block))


@pytest.mark.parametrize(
    ("index", "item", "words"),
    [
        (0, bytes(31), "parent_hash has 31 bytes, must have 32"),
        (2, bytes(21), "coinbase has 21 bytes"),
        (6, bytes(255), "logs_bloom has 255 bytes"),
        (8, b"\x00", "number has a leading zero"),
        (8, b"\x00\x07", "number has a leading zero"),
        (8, b"\x01" * 9, "number has 9 bytes, at most 8"),
        (14, bytes(7), "nonce has 7 bytes"),
        (15, b"\x01" * 33, "base_fee_per_gas has 33 bytes, at most 32"),
        (20, b"", "requests_hash has 0 bytes"),
        (3, [b""], "state_root is a list"),
    ],
)
def test_headers_that_are_not_canonical_are_refused(index: int, item: bytes, words: str) -> None:
    """Otherwise two byte strings would be one header."""
    items = list_header(DEFAULTS)
    assert len(items) == len(HEADER_FIELDS)
    items[index] = item
    with pytest.raises(BadBlock, match=words):
        decode_header(items)


@pytest.mark.parametrize("length", [0, 14, 18, 19, 22])
def test_headers_of_no_fork_are_refused(length: int) -> None:
    """No fork has so many fields."""
    with pytest.raises(BadBlock, match="a header is a list"):
        decode_header([b""] * length)


LATE, EARLY = list_header(DEFAULTS), list_header(replace(DEFAULTS, length=15))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "does not decode"),
        (encode_block(Block(DEFAULTS, ()))[:-1], "does not decode"),
        (encode_block(Block(DEFAULTS, ())) + b"\0", "does not decode"),
        (rlp.encode(b"block"), "list of lists"),
        (rlp.encode([LATE, b"", [], []]), "list of lists"),
        (rlp.encode([LATE, []]), "3 parts, 4 from shanghai"),
        (rlp.encode([LATE, [], []]), "has 3 parts, 21 in header"),
        (rlp.encode([EARLY, [], [], []]), "has 4 parts, 15 in header"),
        (rlp.encode([LATE, [], [b""], []]), "a header is a list"),
        (rlp.encode([LATE, [b""], [], []]), "begins no typed transaction"),
        (rlp.encode([LATE, [b"\x02"], [], []]), "begins no typed transaction"),
        (rlp.encode([LATE, [rlp.encode([b"a"])], [], []]), "begins no typed transaction"),
        (rlp.encode([LATE, [], [], [b""]]), "a withdrawal is a list of 4"),
        (rlp.encode([LATE, [], [], [[b"", b"", bytes(20)]]]), "a withdrawal is a list of 4"),
        (rlp.encode([LATE, [], [], [[b"", b"", bytes(19), b""]]]), "address of a withdrawal"),
        (rlp.encode([LATE, [], [], [[b"\0", b"", bytes(20), b""]]]), "not canonical"),
        (rlp.encode([LATE, [], [], [[b"", b"", bytes(20), b"\1" * 9]]]), "not canonical"),
        (rlp.encode([LATE, [], [], [[b"", [], bytes(20), b""]]]), "not canonical"),
    ],
)
def test_bytes_that_are_no_block_are_refused(raw: bytes, words: str) -> None:
    """Each refusal says which part is wrong."""
    with pytest.raises(BadBlock, match=words):
        decode_block(raw)


def test_empty_lists_have_the_hashes_that_headers_default_to() -> None:
    """No uncles, no withdrawals."""
    assert compute_uncles_hash(()) == EMPTY_UNCLES_HASH
    assert compute_withdrawals_root(()) == EMPTY_TRIE_ROOT
    uncles = [DEFAULTS, replace(DEFAULTS, length=15)]
    assert compute_uncles_hash(uncles) == compute_keccak(rlp.encode([LATE, EARLY]))
