"""net and web3: which network, which client."""

import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, quick
from devnet.rpc.quantity import decode_bytes, encode_bytes, encode_quantity
from precompiles.digest import compute_keccak

_DISTRIBUTION = "inference-devnet"


def get_version(node: Node) -> Json:
    return str(node.config.chain_id)


def is_listening(node: Node) -> Json:
    return True


def get_peer_count(node: Node) -> Json:
    """Validators live in this process: the node has no peers."""
    return encode_quantity(0)


def get_client_version(node: Node) -> Json:
    try:
        release = version(_DISTRIBUTION)
    except PackageNotFoundError:
        release = "0.1.0"  # run from a checkout
    python = ".".join(map(str, sys.version_info[:3]))
    return f"devnet/v{release}/{sys.platform}/python{python}"


def compute_sha3(node: Node, data: object) -> Json:
    return encode_bytes(compute_keccak(decode_bytes(data, "data")))


METHODS: Mapping[str, Method | Routed] = {
    "net_version": quick(get_version),
    "eth_networkId": quick(get_version),
    "net_listening": quick(is_listening),
    "net_peerCount": quick(get_peer_count),
    "web3_clientVersion": get_client_version,
    "web3_sha3": compute_sha3,
}
