"""A node behind HTTP that has the chain of a folder of exchanges, and takes no block of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devnet.chain.chain_file import load_chain
from devnet.chain.forks.seal import accept_seal
from devnet.chain.genesis_file import load_genesis
from devnet.chain.origin import Origin
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.serving import serve_node
from devnet.rpc.transport.server import Listen

SUITE = Path(__file__).resolve().parents[3] / "shared" / "rpc-compat"
_START_S, _STOP_S = 60, 20
_CHAIN, _GENESIS = "chain.rlp", "genesis.json"


def find_chain(folder: Path) -> Path:
    """Where the chain of exchanges is: beside them, above them, else the suite's own."""
    places = (folder, *folder.resolve().parents)
    return next((place for place in places if (place / _CHAIN).is_file()), SUITE)


def load_node(folder: Path) -> Node:
    """The chain of a folder of exchanges, executed; what is sent to the node waits."""
    place = find_chain(folder)
    blocks = tuple(load_chain(place / _CHAIN))
    origin = Origin(load_genesis(place / _GENESIS), blocks, accept_seal)
    node = Node(Config(validators=1), origin=origin)
    node.set_automine(False)
    return node


@contextmanager
def serve_suite(folder: Path) -> Iterator[str]:
    """URL of a fresh node with the chain of a folder."""
    node, loop, stop = load_node(folder), asyncio.new_event_loop(), asyncio.Event()
    ports: list[int] = []
    opened = threading.Event()

    def open_(port: int) -> None:
        ports.append(port)
        opened.set()

    def run() -> None:
        loop.run_until_complete(serve_node(node, Listen(port=0), open_, stop))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert opened.wait(_START_S), "the server did not start"
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_STOP_S)
