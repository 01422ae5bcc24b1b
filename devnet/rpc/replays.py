"""Replays decided blocks of a node for the methods that trace."""

from collections.abc import Sequence

from devnet.chain.block import Execution
from devnet.chain.history import Place
from devnet.chain.tracing.event import Tracer
from devnet.chain.tracing.replay import replay_block
from devnet.errors import ChainError
from devnet.node import Node
from devnet.rpc.quantity import decode_hash


def trace_block(node: Node, block: Execution, tracers: Sequence[Tracer]) -> None:
    """Watch every transaction of a block, each with its own tracer. Raises: ChainError."""
    if block.header.number == 0:
        raise ChainError("genesis is not traceable")
    _replay(node, block, dict(enumerate(tracers)), len(tracers) - 1)


def trace_place(node: Node, place: Place, tracer: Tracer) -> None:
    """Watch one transaction of a block; those before it run unwatched."""
    _replay(node, place.block, {place.index: tracer}, place.index)


def get_place(node: Node, value: object) -> Place:
    """Where the transaction of a hash stands. Raises: InvalidParams, ChainError."""
    place = node.history.find_transaction(decode_hash(value, "transactionHash"))
    if place is None:
        raise ChainError("transaction not found")
    return place


def _replay(node: Node, block: Execution, tracers: dict[int, Tracer], last: int) -> None:
    number = block.header.number
    parent = node.history.get_block(number - 1).header
    world = node.cluster.reader.world
    replay_block(world, parent, block, node.history.get_ancestors(number), tracers.get, last)
