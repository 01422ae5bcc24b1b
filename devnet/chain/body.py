"""Blocks as bytes: header, transactions, uncles and withdrawals in one RLP list.

Source: Yellow Paper 4.4.3; EIP-2718 (typed transactions stand as strings), EIP-4895.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import rlp

from devnet.chain.block import Execution, Withdrawal
from devnet.chain.header import (
    EMPTY_UNCLES_HASH,
    SHANGHAI_LENGTH,
    Header,
    decode_header,
    encode_header,
    list_header,
)
from devnet.chain.state.proof import compute_list_root
from devnet.errors import BadBlock
from precompiles.digest import compute_keccak


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it came, before anything of it is believed."""

    header: Header
    transactions: tuple[bytes, ...]
    uncles: tuple[Header, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()


def extract_block(execution: Execution) -> Block:
    """The block that was executed."""
    raws = tuple(transaction.raw for transaction in execution.transactions)
    return Block(execution.header, raws, execution.uncles, execution.withdrawals)


def encode_block(block: Block) -> bytes:
    """RLP of a block; from Shanghai on with its list of withdrawals."""
    parts: list[Any] = [
        list_header(block.header),
        [raw if raw[0] < 0x80 else rlp.decode(raw) for raw in block.transactions],
        [list_header(uncle) for uncle in block.uncles],
    ]
    if block.header.length >= SHANGHAI_LENGTH:
        parts.append([list_withdrawal(withdrawal) for withdrawal in block.withdrawals])
    encoded: bytes = rlp.encode(parts)
    return encoded


def decode_block(raw: bytes) -> Block:
    """The block of these bytes.

    Raises: BadBlock if they are not the canonical form of one.
    """
    try:
        parts: Any = rlp.decode(raw)
    except rlp.exceptions.RLPException as broken:
        raise BadBlock(f"block does not decode: {broken}") from broken
    if not isinstance(parts, list) or any(not isinstance(part, list) for part in parts):
        raise BadBlock("a block is a list of lists")
    if len(parts) not in (3, 4):
        raise BadBlock(f"a block has 3 parts, 4 from shanghai on; {len(parts)} given")
    header = decode_header(parts[0])
    if (len(parts) == 4) != (header.length >= SHANGHAI_LENGTH):
        raise BadBlock(f"block {header.number} has {len(parts)} parts, {header.length} in header")
    return Block(
        header,
        tuple(map(_decode_transaction, parts[1])),
        tuple(decode_header(item) for item in parts[2]),
        tuple(map(_decode_withdrawal, parts[3])) if len(parts) == 4 else (),
    )


def compute_block_bytes(
    header: Header,
    transactions: Iterable[bytes],
    uncles: Sequence[Header] = (),
    withdrawals: Sequence[Withdrawal] = (),
) -> int:
    """Length of a block's RLP, without making it."""
    strings = (len(raw) if raw[0] >= 0x80 else _measure(len(raw)) for raw in transactions)
    size = len(encode_header(header)) + _measure(sum(strings))
    size += len(rlp.encode([list_header(uncle) for uncle in uncles]))
    if header.length >= SHANGHAI_LENGTH:
        size += len(rlp.encode([list_withdrawal(withdrawal) for withdrawal in withdrawals]))
    return _measure(size)


def compute_uncles_hash(uncles: Sequence[Header]) -> bytes:
    """The header's hash of its uncles."""
    if not uncles:
        return EMPTY_UNCLES_HASH
    return compute_keccak(rlp.encode([list_header(uncle) for uncle in uncles]))


def compute_withdrawals_root(withdrawals: Sequence[Withdrawal]) -> bytes:
    """Root of the trie of withdrawals."""
    return compute_list_root([rlp.encode(list_withdrawal(item)) for item in withdrawals])


def list_withdrawal(withdrawal: Withdrawal) -> list[Any]:
    """The items of a withdrawal's RLP list."""
    return [
        withdrawal.index,
        withdrawal.validator_index,
        withdrawal.address,
        withdrawal.amount_gwei,
    ]


def _decode_transaction(item: Any) -> bytes:
    if not isinstance(item, bytes):
        return bytes(rlp.encode(item))
    if len(item) < 2 or item[0] >= 0x80:  # a list in a string would be another form of a list
        raise BadBlock(f"0x{item[:8].hex()} begins no typed transaction")
    return item


def _decode_withdrawal(items: Any) -> Withdrawal:
    if not isinstance(items, list) or len(items) != 4:
        raise BadBlock("a withdrawal is a list of 4 fields")
    index, validator, address, amount = items
    if not isinstance(address, bytes) or len(address) != 20:
        raise BadBlock("the address of a withdrawal has 20 bytes")
    return Withdrawal(
        _decode_number(index), _decode_number(validator), address, _decode_number(amount)
    )


def _decode_number(item: Any) -> int:
    if not isinstance(item, bytes) or len(item) > 8 or item[:1] == b"\0":
        raise BadBlock(f"a number of a withdrawal is not canonical: {item!r}")
    return int.from_bytes(item, "big")


def _measure(size: int) -> int:
    """Bytes of an RLP string or list with a payload of `size` bytes (more than one)."""
    return size + 1 + (0 if size < 56 else (size.bit_length() + 7) // 8)
