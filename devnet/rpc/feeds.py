"""Feeds: what of an event a filter collects or a subscription sends, and how it is asked for.

| feed                       | of a new block, or as said     | of blocks undone                  |
|----------------------------|--------------------------------|-----------------------------------|
| newHeads                   | its header                     |                                   |
| (block filter)             | its hash                       |                                   |
| logs                       | its matching events            | the same, newest first, `removed` |
| newPendingTransactions     | a transaction in the pool      |                                   |
| inferences                 | its inference receipts         | the same, newest first, `removed` |
| commits                    | its certificate                |                                   |
| syncing                    | nothing: the node never syncs  |                                   |
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from devnet.chain.block import Execution
from devnet.chain.history import LogQuery, find_block_logs
from devnet.events import BlockAdded, BlocksRemoved, Event, TransactionSeen
from devnet.node import Node
from devnet.rpc.consensus import show_certificate
from devnet.rpc.dispatch import Json
from devnet.rpc.eth_logs import decode_live_query
from devnet.rpc.inference import show_receipt
from devnet.rpc.quantity import build_refusal, decode_flag, encode_bytes
from devnet.rpc.views import show_block, show_log, show_waiting

_BODY_FIELDS = ("transactions", "uncles", "withdrawals", "size")


class Feed(Protocol):
    """Equal feeds select the same."""

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        """What an event brings, as JSON."""


@dataclass(frozen=True, slots=True)
class NewHeads:
    """Headers."""

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        if isinstance(event, BlockAdded):
            shown = show_block(event.block, full=False)
            yield {name: value for name, value in shown.items() if name not in _BODY_FIELDS}


@dataclass(frozen=True, slots=True)
class NewBlocks:
    """Block hashes."""

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        if isinstance(event, BlockAdded):
            yield encode_bytes(event.block.hash)


@dataclass(frozen=True, slots=True)
class Logs:
    """Events of contracts."""

    query: LogQuery

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        if isinstance(event, BlockAdded):
            yield from self._show(event.block)
        elif isinstance(event, BlocksRemoved):
            for block in event.blocks:
                for shown in reversed(list(self._show(block))):
                    yield {**shown, "removed": True}

    def _show(self, block: Execution) -> Iterator[dict[str, Json]]:
        if self.query.first <= block.header.number <= self.query.last:
            yield from map(show_log, find_block_logs(block, self.query))


@dataclass(frozen=True, slots=True)
class PendingTransactions:
    """Transactions on their way into a block."""

    full: bool  # the transaction, not only its hash

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        if isinstance(event, TransactionSeen):
            transaction = event.transaction
            yield show_waiting(transaction) if self.full else encode_bytes(transaction.hash)


@dataclass(frozen=True, slots=True)
class Inferences:
    """Inference receipts."""

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        if isinstance(event, BlockAdded):
            for inference in event.block.inferences:
                yield {**show_receipt(inference), "removed": False}
        elif isinstance(event, BlocksRemoved):
            for block in event.blocks:
                for inference in reversed(block.inferences):
                    yield {**show_receipt(inference), "removed": True}


@dataclass(frozen=True, slots=True)
class Commits:
    """Certificates."""

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        if isinstance(event, BlockAdded):
            yield show_certificate(node, event.certificate)


@dataclass(frozen=True, slots=True)
class Syncing:
    """Nothing."""

    def select(self, event: Event, node: Node) -> Iterator[Json]:
        return iter(())


_PLAIN: dict[str, Feed] = {
    "newHeads": NewHeads(),
    "inferences": Inferences(),
    "commits": Commits(),
    "syncing": Syncing(),
}


def decode_feed(name: object, option: object) -> Feed:
    """What `eth_subscribe` asks for. Raises: InvalidParams."""
    if name == "logs":
        return Logs(decode_live_query({} if option is None else option))
    if name == "newPendingTransactions":
        return PendingTransactions(full=option is not None and decode_flag(option, "full"))
    if not isinstance(name, str) or name not in _PLAIN:
        known = ", ".join(sorted((*_PLAIN, "logs", "newPendingTransactions")))
        raise build_refusal("subscription", name, f"one of {known}")
    return _PLAIN[name]
