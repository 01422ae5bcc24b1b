"""eth: accounts and words with proofs against the state root (EIP-1186)."""

from collections.abc import Mapping

from devnet.node import Node
from devnet.rpc.block_reference import get_block
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import (
    decode_address,
    decode_list,
    decode_word,
    encode_bytes,
    encode_quantity,
    encode_word,
)

MAX_KEYS = 1_024  # storage keys in one request, as in geth
_FULL_WORD = 2 + 64  # characters


def get_proof(node: Node, address: object, keys: object, block: object = None) -> Json:
    account = decode_address(address, "address")
    given = decode_list(keys, "storageKeys", MAX_KEYS)
    slots = [decode_word(key, f"storageKeys[{i}]") for i, key in enumerate(given)]
    root = get_block(node, block).header.state_root
    proof = node.cluster.world.prove(root, account, slots)
    return {
        "address": encode_bytes(account),
        "accountProof": [encode_bytes(part) for part in proof.nodes],
        "balance": encode_quantity(proof.account.balance),
        "codeHash": encode_bytes(proof.account.code_hash),
        "nonce": encode_quantity(proof.account.nonce),
        "storageHash": encode_bytes(proof.account.storage.root),
        "storageProof": [
            {
                "key": _show_key(key, word.slot),
                "value": encode_quantity(word.word),
                "proof": [encode_bytes(part) for part in word.nodes],
            }
            for key, word in zip(given, proof.words, strict=True)
        ],
    }


def get_account(node: Node, address: object, block: object = None) -> Json:
    """The four fields of an account in the state trie."""
    root = get_block(node, block).header.state_root
    proof = node.cluster.world.prove(root, decode_address(address, "address"))
    return {
        "nonce": encode_quantity(proof.account.nonce),
        "balance": encode_quantity(proof.account.balance),
        "storageRoot": encode_bytes(proof.account.storage.root),
        "codeHash": encode_bytes(proof.account.code_hash),
    }


METHODS: Mapping[str, Method] = {
    "eth_getProof": get_proof,
    "eth_getAccount": get_account,
}


def _show_key(given: object, slot: int) -> str:
    """As geth: 32 bytes where 32 bytes were given, else without leading zeros."""
    is_full = isinstance(given, str) and len(given) == _FULL_WORD
    return encode_word(slot) if is_full else encode_quantity(slot)
