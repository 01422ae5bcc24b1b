"""evm: steers the devnet as Anvil, Hardhat and Ganache do."""

from collections.abc import Mapping

from devnet.errors import InvalidParams, LimitExceeded, UnknownSnapshot
from devnet.node import Node
from devnet.rpc.dispatch import Json, Method
from devnet.rpc.lane import Routed, write
from devnet.rpc.limits import MAX_SNAPSHOTS
from devnet.rpc.quantity import (
    build_refusal,
    decode_flag,
    decode_number,
    decode_object,
    encode_quantity,
)

MAX_MINED = 10_000  # blocks in one request
MAX_INTERVAL_S = 86_400.0  # seconds


def take_snapshot(node: Node) -> Json:
    """Raises: LimitExceeded."""
    if node.snapshot_count >= MAX_SNAPSHOTS:
        raise LimitExceeded(
            f"{MAX_SNAPSHOTS} snapshots are kept; evm_revert to one, which lets go of all after it"
        )
    return encode_quantity(node.snapshot())


def revert(node: Node, snapshot: object) -> Json:
    """False for an id that is unknown or used up, as the others answer."""
    try:
        node.revert(decode_number(snapshot, "snapshot"))
    except UnknownSnapshot:
        return False
    return True


def mine(node: Node, options: object = None) -> Json:
    """One block, or `{blocks: n, timestamp: t}`, or a timestamp; answers "0x0" as the others do."""
    fields = {"timestamp": options} if isinstance(options, int | str) else options
    given = {} if fields is None else decode_object(fields, "options")
    count = decode_number(given.get("blocks", 1), "options.blocks")
    if not 1 <= count <= MAX_MINED:
        raise InvalidParams(f"options.blocks is {count}, must be 1 to {MAX_MINED}")
    if "timestamp" in given:
        node.set_next_timestamp(decode_number(given["timestamp"], "options.timestamp"))
    node.mine(count)
    return encode_quantity(0)


def set_automine(node: Node, automine: object) -> Json:
    node.set_automine(decode_flag(automine, "automine"))
    return True


def set_interval_mining(node: Node, interval: object) -> Json:
    """A block every `interval` seconds, as Anvil has it; 0 is no mining at all."""
    if isinstance(interval, float):
        seconds = interval
    else:
        seconds = float(min(decode_number(interval, "interval"), 2**53))
    if not 0 <= seconds <= MAX_INTERVAL_S:
        raise build_refusal("interval", interval, f"seconds from 0 to {MAX_INTERVAL_S:g}")
    node.set_interval(seconds)
    return None


def get_interval_mining(node: Node) -> Json:
    """Seconds, or null."""
    seconds = node.interval_s
    return (int(seconds) if seconds.is_integer() else seconds) if seconds else None


def increase_time(node: Node, seconds: object) -> Json:
    """The next block so many seconds later; answers all seconds that were added so far."""
    return node.increase_time(decode_number(seconds, "seconds"))


def set_next_block_timestamp(node: Node, timestamp: object) -> Json:
    node.set_next_timestamp(decode_number(timestamp, "timestamp"))
    return None


def set_time(node: Node, timestamp: object) -> Json:
    """Now is `timestamp`: the next block has it. Answers by how many seconds that is later."""
    wanted = decode_number(timestamp, "timestamp")
    due = node.timeline.compute_next(node.head.header.timestamp)
    node.set_next_timestamp(wanted)
    return wanted - due


METHODS: Mapping[str, Method | Routed] = {
    "evm_snapshot": write(take_snapshot),
    "evm_revert": write(revert),
    "evm_mine": write(mine),
    "evm_setAutomine": write(set_automine),
    "evm_setIntervalMining": write(set_interval_mining),
    "anvil_setIntervalMining": write(set_interval_mining),
    "anvil_getIntervalMining": get_interval_mining,
    "evm_increaseTime": write(increase_time),
    "evm_setNextBlockTimestamp": write(set_next_block_timestamp),
    "evm_setTime": write(set_time),
}
