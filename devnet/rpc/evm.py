"""evm: steers the devnet as Anvil, Hardhat and Ganache do."""

from collections.abc import Mapping

from devnet.errors import InvalidParams, UnknownSnapshot
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.quantity import decode_flag, decode_number, decode_object, encode_quantity

MAX_MINED = 10_000  # blocks in one request


def take_snapshot(node: Node) -> Json:
    return encode_quantity(node.snapshot())


def revert(node: Node, snapshot: object) -> Json:
    """False for an id that is unknown or used up, as the others answer."""
    try:
        node.revert(decode_number(snapshot, "snapshot"))
    except UnknownSnapshot:
        return False
    return True


def mine(node: Node, options: object = None) -> Json:
    """One block, or `{blocks: n}`; answers "0x0" as the others do."""
    fields = {} if options is None else decode_object(options, "options")
    if "timestamp" in fields:
        raise InvalidParams("options.timestamp is not supported; time follows the block number")
    count = decode_number(fields.get("blocks", 1), "options.blocks")
    if not 1 <= count <= MAX_MINED:
        raise InvalidParams(f"options.blocks is {count}, must be 1 to {MAX_MINED}")
    node.mine(count)
    return encode_quantity(0)


def set_automine(node: Node, automine: object) -> Json:
    node.set_automine(decode_flag(automine, "automine"))
    return True


METHODS: Mapping[str, Method] = {
    "evm_snapshot": take_snapshot,
    "evm_revert": revert,
    "evm_mine": mine,
    "evm_setAutomine": set_automine,
}
