"""A server around methods that are no Ethereum's, in a thread of this process."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping

import pytest

from devnet.clock import read_clock
from devnet.errors import ConfigError
from devnet.rpc.dispatch import Dispatcher, Json, Method
from devnet.rpc.lane import Routed, quick, write
from devnet.rpc.transport.server import Endpoints, Listen, run
from devnet.rpc.transport.service import Service

MAX_FILE_BYTES = 1 << 20
Exchange = Callable[..., tuple[int, dict[str, str], bytes]]


class Log:
    """What methods did, in order."""

    def __init__(self) -> None:
        self.entries: list[str] = []

    def sleep(self, seconds: float, name: str) -> Json:
        self.entries.append(f"begin {name}")
        time.sleep(seconds)
        self.entries.append(f"end {name}")
        return name


class Ear:
    """A client's subscriptions: `listen` sends so many messages, at once if it may."""

    def __init__(self, tell: Callable[[bytes], None]) -> None:
        self._tell = tell
        self._held: list[bytes] = []
        self.methods: Mapping[str, Routed] = {"listen": quick(self.listen)}

    def listen(self, count: int, size: int = 10) -> Json:
        self._held = [b'"' + b"x" * size + b'"'] * count
        return "listening"

    def begin(self) -> None:
        """One list serves all bodies here."""

    def release(self) -> None:
        held, self._held = self._held, []
        for message in held:
            self._tell(message)

    def close(self) -> None:
        """Nothing to give back."""


def _dig(depth: int) -> int:
    return 0 if depth == 0 else 1 + max(map(_dig, [depth - 1]))


class Running:
    """A server in a thread of this process."""

    def __init__(self, listen: Listen) -> None:
        self.port = 0
        self.ipc = listen.ipc
        self.error: Exception | None = None
        self.log = Log()
        self.observed: list[tuple[str, bool]] = []
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listen,))
        self._thread.start()
        assert self._opened.wait(10)

    def build_endpoints(self) -> Endpoints:
        """Echo, sleeping readers and writers, deep recursion, big answers."""
        numbers = itertools.count()
        methods: dict[str, Method | Routed] = {
            "echo": quick(lambda value=None: value),
            "read": lambda seconds, name="": self.log.sleep(seconds, name),
            "write": write(lambda seconds, name="": self.log.sleep(seconds, name)),
            "count": write(lambda: next(numbers)),
            "depth": lambda: _dig(9_000),
            "big": lambda size: "x" * size,
        }

        def observe(method: str, _: float, failed: bool) -> None:
            self.observed.append((method, failed))

        service = Service(Dispatcher(methods), observe, read_clock)

        def upload(file: bytes, query: Mapping[str, str]) -> tuple[int, bytes]:
            time.sleep(float(query.get("seconds", 0)))
            return 200, json.dumps([len(file), dict(query)]).encode()

        return Endpoints(service, Ear, upload, MAX_FILE_BYTES, lambda: "metrics 1\n")

    def _run(self, listen: Listen) -> None:
        try:
            self._loop.run_until_complete(self._serve(listen))
        except ConfigError as refused:
            self.error = refused
        finally:
            self._loop.close()
            self._opened.set()

    async def _serve(self, listen: Listen) -> None:
        await run(self.build_endpoints(), listen, self._open, self._stop)

    def _open(self, port: int) -> None:
        self.port = port
        self._opened.set()

    def exchange(
        self, method: str = "POST", path: str = "/", body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """One HTTP exchange: status, headers, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        found = response.status, dict(response.getheaders()), response.read()
        connection.close()
        return found

    def ask(self, method: str, *params: object) -> object:
        """The result of a request over HTTP."""
        return json.loads(self.exchange(body=encode(1, method, *params))[2])["result"]

    def stop(self) -> None:
        """Stop and wait."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive()


def encode(identity: object, method: str, *params: object) -> bytes:
    """A request."""
    body = {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}
    return json.dumps(body).encode()


@pytest.fixture(scope="session")
def request_body() -> Callable[..., bytes]:
    """`encode`."""
    return encode


@pytest.fixture(scope="session")
def launch() -> type[Running]:
    """`Running`."""
    return Running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server on HTTP, WebSocket and IPC."""
    running = Running(Listen(port=0, ipc=tmp_path_factory.mktemp("ipc") / "node.ipc"))
    yield running
    running.stop()


@pytest.fixture
def exchange(server: Running) -> Exchange:
    """One HTTP exchange with it."""
    return server.exchange
