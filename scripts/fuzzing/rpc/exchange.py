"""Ways to a node: its dispatcher in this thread, HTTP with keep-alive, a WebSocket."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from typing import Protocol

from websockets.sync.client import ClientConnection, connect

from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.filters import Filters
from devnet.rpc.gate import Gate
from devnet.rpc.methods import build_methods
from devnet.rpc.serving import serve_node
from devnet.rpc.transport.server import Listen
from fuzzing.rpc.judgement import Finding

ANSWER_S = 60.0  # seconds for one answer
_NEWS = b'{"jsonrpc":"2.0","method":"eth_subscription"'


class Exchange(Protocol):
    """Sends one body and waits for what it is answered with."""

    def send(self, body: bytes, is_known: bool) -> bytes | None:
        """The answer, nothing if none is due.

        Args:
            is_known: whether it is certain that an answer is due, or that none is.
        """


class Direct:
    """The dispatcher as the server uses it, gate and filters included."""

    def __init__(self, node: Node) -> None:
        filters = Filters(node, lambda: 0.0)
        self._dispatcher = Dispatcher(build_methods(node, Gate(node), filters))

    def send(self, body: bytes, is_known: bool) -> bytes | None:
        return self._dispatcher.handle(body)


class Http:
    """One connection for all requests."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)

    def send(self, body: bytes, is_known: bool) -> bytes | None:
        self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = response.read()
        if response.status not in (200, 204):
            raise Finding(f"HTTP {response.status}: {answer[:200]!r}")
        return answer if response.status == 200 else None


class WebSocket:
    """One connection for all that is certain to be answered, one of its own for anything else."""

    def __init__(self, connection: ClientConnection, port: int) -> None:
        self._connection = connection
        self._port = port

    def send(self, body: bytes, is_known: bool) -> bytes | None:
        if not is_known or not _asks(body):
            with _connect(self._port) as other:
                other.send(body)
            return None
        self._connection.send(body)
        while True:
            message = self._connection.recv(ANSWER_S)
            answer = message.encode() if isinstance(message, str) else message
            if not answer.startswith(_NEWS):
                return answer


@contextmanager
def open_exchange(way: str, node: Node) -> Iterator[Exchange]:
    """`direct`, `http` or `websocket`; a server runs as long as it is used."""
    before = node.observers.copy()
    try:
        if way == "direct":
            yield Direct(node)
            return
        with _serve(node) as port:
            if way == "http":
                http = Http(port)
                yield http
                http.connection.close()
            else:
                with _connect(port) as connection:
                    yield WebSocket(connection, port)
    finally:
        node.observers[:] = before


@contextmanager
def _serve(node: Node) -> Iterator[int]:
    ports: list[int] = []
    loop, stop, opened = asyncio.new_event_loop(), asyncio.Event(), threading.Event()

    def open_(port: int) -> None:
        ports.append(port)
        opened.set()

    def run() -> None:
        loop.run_until_complete(serve_node(node, Listen(port=0), open_, stop, lambda: 0.0))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        if not opened.wait(ANSWER_S):
            raise Finding("the server does not open")
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(ANSWER_S)
        if thread.is_alive():
            raise Finding("the server does not stop")


def _connect(port: int) -> AbstractContextManager[ClientConnection]:
    return connect(f"ws://127.0.0.1:{port}", compression=None, max_size=None, proxy=None)


def _asks(body: bytes) -> bool:
    parsed = json.loads(body)
    requests = parsed if isinstance(parsed, list) else [parsed]
    return any("id" in request for request in requests)
