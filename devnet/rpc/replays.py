"""Replays decided blocks of a node for the methods that trace."""

from collections.abc import Sequence
from typing import Any

from devnet.chain.block import Execution
from devnet.chain.header import Header
from devnet.chain.history import Place
from devnet.chain.tracing import replay
from devnet.chain.tracing.event import Tracer
from devnet.chain.world import World
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


def open_between(node: Node, block: Execution, count: int) -> Any:
    """The state after the first `count` transactions of a block, to read from."""
    if block.header.number == 0:
        raise ChainError("genesis is not traceable")
    return replay.open_between(*_get_setting(node, block), count)


def compute_roots(node: Node, block: Execution) -> tuple[bytes, ...]:
    """The state root after each transaction of a block."""
    if block.header.number == 0:
        raise ChainError("genesis is not traceable")
    return replay.compute_roots(*_get_setting(node, block))


def get_place(node: Node, value: object) -> Place:
    """Where the transaction of a hash stands. Raises: InvalidParams, ChainError."""
    place = node.history.find_transaction(decode_hash(value, "transactionHash"))
    if place is None:
        raise ChainError("transaction not found")
    return place


def _replay(node: Node, block: Execution, tracers: dict[int, Tracer], last: int) -> None:
    replay.replay_block(*_get_setting(node, block), tracers.get, last)


def _get_setting(node: Node, block: Execution) -> tuple[World, Header, Execution, Sequence[bytes]]:
    number = block.header.number
    parent = node.history.get_block(number - 1).header
    return node.cluster.world, parent, block, node.history.get_ancestors(number)
