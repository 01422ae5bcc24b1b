"""eth: what this node is and which accounts it signs for."""

from collections.abc import Mapping

from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, quick
from devnet.rpc.quantity import encode_bytes, encode_quantity

_PROTOCOL_VERSION = 69  # eth/69


def get_chain_id(node: Node) -> Json:
    return encode_quantity(node.config.chain_id)


def get_accounts(node: Node) -> Json:
    return [encode_bytes(account.address) for account in node.accounts]


def get_coinbase(node: Node) -> Json:
    """Who proposes the next block, if the first round decides it."""
    height = node.head.header.number + 1
    return encode_bytes(node.cluster.get_proposer(height))


def is_syncing(node: Node) -> Json:
    return False


def is_mining(node: Node) -> Json:
    return node.automine


def get_protocol_version(node: Node) -> Json:
    """Of the peer protocol that geth speaks; this node has no peers."""
    return encode_quantity(_PROTOCOL_VERSION)


def get_hashrate(node: Node) -> Json:
    return encode_quantity(0)


METHODS: Mapping[str, Method | Routed] = {
    "eth_chainId": quick(get_chain_id),
    "eth_accounts": quick(get_accounts),
    "eth_requestAccounts": quick(get_accounts),
    "eth_coinbase": quick(get_coinbase),
    "eth_syncing": quick(is_syncing),
    "eth_mining": quick(is_mining),
    "eth_protocolVersion": quick(get_protocol_version),
    "eth_hashrate": quick(get_hashrate),
}
