"""debug: accounts and storage inside a block, and what blocks changed."""

from collections.abc import Iterator, Mapping
from itertools import islice

from devnet.chain.block import Execution
from devnet.errors import ChainError, InvalidParams, UnknownBlock
from devnet.node import Node
from devnet.rpc.block_reference import find_block_by_hash, get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import (
    decode_address,
    decode_bytes,
    decode_hash,
    decode_number,
    encode_bytes,
    encode_quantity,
    encode_word,
)
from devnet.rpc.replays import compute_roots, open_between
from precompiles.digest import compute_keccak

_CODE_PREFIX, _CODE_KEY_BYTES = b"c", 33
MAX_WORDS = 1_024  # in one answer; geth has no bound


def get_account_at(node: Node, block: object, index: object, address: object) -> Json:
    """An account after the transaction of an index; null if there is no such transaction."""
    found, position = get_block(node, block), decode_number(index, "index")
    wanted = decode_address(address, "address")
    if position >= len(found.transactions):
        return None
    state = open_between(node, found, position + 1)
    return {
        "balance": encode_quantity(state.get_balance(wanted)),
        "nonce": encode_quantity(state.get_nonce(wanted)),
        "code": encode_bytes(state.get_code(wanted)),
    }


def get_storage_range(
    node: Node, block_hash: object, index: object, address: object, start: object, count: object
) -> Json:
    """Storage before the transaction of an index, from the hash of a slot on, a page at a time."""
    block, position = _get_block_by_hash(node, block_hash), decode_number(index, "index")
    wanted, first = decode_address(address, "address"), decode_bytes(start, "start")
    size = min(decode_number(count, "count"), MAX_WORDS)
    if position > len(block.transactions):
        raise InvalidParams(f"index is {position}, the block has {len(block.transactions)}")
    words = open_between(node, block, position)._account_db.iterate_words(wanted)
    hashed = ((compute_keccak(slot.to_bytes(32, "big")), slot, word) for slot, word in words)
    page = list(islice((entry for entry in hashed if entry[0] >= first), size + 1))
    return {
        "storage": {
            encode_bytes(key): {"key": encode_word(slot), "value": encode_word(word)}
            for key, slot, word in page[:size]
        },
        "nextKey": encode_bytes(page[size][0]) if len(page) > size else None,
    }


def get_modified_by_number(node: Node, start: object, end: object = None) -> Json:
    """Accounts that a block changed, or all blocks after the first to the second."""
    first = get_block(node, start, "start")
    last = None if end is None else get_block(node, end, "end")
    return list(_list_modified(node, first, last))


def get_modified_by_hash(node: Node, start: object, end: object = None) -> Json:
    first = _get_block_by_hash(node, start)
    last = None if end is None else _get_block_by_hash(node, end)
    return list(_list_modified(node, first, last))


def get_intermediate_roots(node: Node, block_hash: object, _: object = None) -> Json:
    """The state root after each transaction of a block."""
    roots = compute_roots(node, _get_block_by_hash(node, block_hash))
    return [encode_bytes(root) for root in roots]


def get_code_by_hash(node: Node, code_hash: object, _: object = None) -> Json:
    """Code of any contract there ever was; nothing ("0x") for an unknown hash."""
    wanted = decode_hash(code_hash, "codeHash")
    return encode_bytes(node.cluster.world.find_code(wanted))


def get_value(node: Node, key: object) -> Json:
    """Code by its key in geth's database, `c` and the hash; Anvil knows no other keys either."""
    wanted = decode_bytes(key, "key")
    is_code = len(wanted) == _CODE_KEY_BYTES and wanted.startswith(_CODE_PREFIX)
    code = node.cluster.world.find_code(wanted[1:]) if is_code else b""
    if not code:
        raise ChainError(f"no value for key {encode_bytes(wanted[:40])}; codes are under 0x63…hash")
    return encode_bytes(code)


METHODS: Mapping[str, Method] = {
    "debug_accountInfoAt": get_account_at,
    "debug_storageRangeAt": get_storage_range,
    "debug_getModifiedAccountsByNumber": get_modified_by_number,
    "debug_getModifiedAccountsByHash": get_modified_by_hash,
    "debug_intermediateRoots": get_intermediate_roots,
    "debug_codeByHash": get_code_by_hash,
    "debug_dbGet": get_value,
}


def _get_block_by_hash(node: Node, block_hash: object) -> Execution:
    found = find_block_by_hash(node, block_hash)
    if found is None:
        raise UnknownBlock(f"block {block_hash} not found")
    return found


def _list_modified(node: Node, first: Execution, last: Execution | None) -> Iterator[str]:
    if last is None:
        if not first.header.number:
            raise UnknownBlock("block 0 has no parent")
        first, last = node.history.get_block(first.header.number - 1), first
    if first.header.number >= last.header.number:
        raise InvalidParams(
            f"start is block {first.header.number} and end is block {last.header.number}; "
            "start must come before end"
        )
    world = node.cluster.world
    for address in world.iterate_changed(first.header.state_root, last.header.state_root):
        yield encode_bytes(address)
