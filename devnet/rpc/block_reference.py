"""Block parameters: number, tag, hash, or an object with number or hash (EIP-1898).

| tag                                 | block                                        |
|-------------------------------------|----------------------------------------------|
| latest, safe, finalized             | the head: what validators signed is final    |
| pending                             | `Node.draft` for blocks, calls and accounts, |
|                                     | else the head                                |
| earliest                            | block 0                                      |
"""

from devnet.chain.block import Execution
from devnet.errors import UnknownBlock
from devnet.node import Node
from devnet.rpc.quantity import (
    build_refusal,
    decode_flag,
    decode_hash,
    decode_number,
    decode_object,
)

PENDING = "pending"
_HEAD_TAGS = ("latest", PENDING, "safe", "finalized")
_FORM = "a block number in hex, or latest, pending, safe, finalized, earliest"
_HASH_CHARACTERS = 2 + 2 * 32


def is_pending(value: object) -> bool:
    """Whether the block is meant that would come next."""
    return value in (PENDING, {"blockNumber": PENDING})


def decode_block_number(node: Node, value: object, name: str = "block") -> int:
    """The number meant; the chain may not have it. Raises: InvalidParams."""
    if value is None or value in _HEAD_TAGS:
        return node.head.header.number
    if value == "earliest":
        return 0
    if isinstance(value, str) and not value.startswith("0x"):
        raise build_refusal(name, value, _FORM)
    return decode_number(value, name)


def find_block_by_number(node: Node, value: object, name: str = "block") -> Execution | None:
    """The block of a number or tag, if the chain has it. Raises: InvalidParams."""
    number = decode_block_number(node, value, name)
    return node.history.get_block(number) if number <= node.head.header.number else None


def find_block(node: Node, value: object, name: str = "block") -> Execution | None:
    """The block meant, if the chain has it. Raises: InvalidParams."""
    if isinstance(value, str) and len(value) == _HASH_CHARACTERS:
        return node.history.find_block(decode_hash(value, name))
    if isinstance(value, dict):
        fields = decode_object(value, name)
        if ("blockHash" in fields) == ("blockNumber" in fields):
            raise build_refusal(name, value, "given by either blockNumber or blockHash")
        if "blockHash" in fields:
            decode_flag(fields.get("requireCanonical", False), f"{name}.requireCanonical")
            return node.history.find_block(decode_hash(fields["blockHash"], f"{name}.blockHash"))
        value, name = fields["blockNumber"], f"{name}.blockNumber"
    return find_block_by_number(node, value, name)


def get_block(node: Node, value: object, name: str = "block") -> Execution:
    """The block meant. Raises: InvalidParams, UnknownBlock."""
    block = find_block(node, value, name)
    if block is None:
        meant = (
            value.get("blockHash", value.get("blockNumber")) if isinstance(value, dict) else value
        )
        raise UnknownBlock(
            f"header not found: no block {meant}, the head is {node.head.header.number}"
        )
    return block


def find_block_by_hash(node: Node, value: object) -> Execution | None:
    """The block of a hash, if the chain has it. Raises: InvalidParams."""
    return node.history.find_block(decode_hash(value, "blockHash"))
