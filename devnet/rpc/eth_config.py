"""eth: rules the chain follows now and next (EIP-7910), and what this node can be asked for."""

from collections.abc import Mapping

from devnet.chain.forks.blob import NO_BLOBS
from devnet.chain.forks.description import ForkConfiguration, describe_forks
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import encode_bytes, encode_quantity


def get_config(node: Node) -> Json:
    """Current rules, the next ones and the last ones known; null where there are none."""
    world, genesis, head = node.cluster.world, node.history.get_block(0), node.head.header
    ours = world.table.items() if world.has_inference(head.number) else ()
    named = {name: address for address, (name, _) in ours}
    outlook = describe_forks(world.schedule, genesis.header, genesis.hash, head, named)
    return {
        "current": _show(node, outlook.current),
        "next": _show(node, outlook.upcoming),
        "last": _show(node, outlook.last),
    }


def get_capabilities(node: Node) -> Json:
    """Every block is kept, with state, proofs, receipts and events."""
    kept: Json = {"disabled": False, "oldestBlock": encode_quantity(0)}
    head = node.head
    return {
        "head": {"number": encode_quantity(head.header.number), "hash": encode_bytes(head.hash)},
        **dict.fromkeys(("state", "tx", "logs", "receipts", "blocks", "stateproofs"), kept),
    }


METHODS: Mapping[str, Method] = {
    "eth_config": get_config,
    "eth_capabilities": get_capabilities,
}


def _show(node: Node, found: ForkConfiguration | None) -> Json:
    if found is None:
        return None
    blob = found.blob
    blobs: Json = {
        "target": blob.target,
        "max": blob.maximum,
        "baseFeeUpdateFraction": blob.update_fraction,
    }
    return {
        "activationTime": found.activation_time,
        "blobSchedule": None if blob == NO_BLOBS else blobs,
        "chainId": encode_quantity(node.config.chain_id),
        "forkId": encode_bytes(found.fork_id),
        "precompiles": _show_addresses(found.precompiles),
        "systemContracts": _show_addresses(found.system_contracts),
    }


def _show_addresses(named: tuple[tuple[str, bytes], ...]) -> Json:
    return {name: encode_bytes(address) for name, address in named}
