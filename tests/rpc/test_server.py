"""HTTP around a handler: what is answered, what is refused, how it starts and stops."""

import asyncio
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from devnet.errors import ConfigError
from devnet.rpc.dispatch import MAX_BODY_BYTES
from devnet.rpc.server import Handle, run

Exchange = Callable[..., tuple[int, dict[str, str], bytes]]


def answer(body: bytes) -> bytes | None:
    """Echo; `sleep` takes a while, `nothing` has no answer, `depth` recurses."""
    if body == b"sleep":
        time.sleep(0.5)
    if body == b"depth":
        return str(_dig(9_000)).encode()
    return None if body == b"nothing" else b"echo " + body


def _dig(depth: int) -> int:
    return 0 if depth == 0 else 1 + max(map(_dig, [depth - 1]))


class Running:
    """A server in a thread of this process."""

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self.port = 0
        self.error: Exception | None = None
        self._stopped = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(handle, host, port))
        self._thread.start()
        assert self._opened.wait(10)

    def _run(self, handle: Handle, host: str, port: int) -> None:
        serving = run(handle, host, port, self._open, self._stopped)
        try:
            self._loop.run_until_complete(serving)
        except ConfigError as refused:
            self.error = refused
        finally:
            self._loop.close()
            self._opened.set()

    def _open(self, port: int) -> None:
        self.port = port
        self._opened.set()

    def stop(self) -> None:
        """Stop and wait."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        assert not self._thread.is_alive()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Port of a server that echoes."""
    server = Running(answer)
    yield server.port
    server.stop()


@pytest.fixture
def exchange(port: int) -> Exchange:
    """One HTTP exchange: status, headers, body."""

    def ask(
        method: str = "POST", path: str = "/", body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        found = response.status, dict(response.getheaders()), response.read()
        connection.close()
        return found

    return ask


def test_a_body_is_answered_as_json(exchange: Exchange) -> None:
    """Whatever its declared type; no answer is 204."""
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        status, headers, body = exchange(body=b"hello", **{"Content-Type": kind})
        assert (status, body) == (200, b"echo hello")
        assert headers["Content-Type"].startswith("application/json")
    assert exchange(body=b"nothing")[0] == 204


def test_other_paths_and_methods_are_answered_in_words(exchange: Exchange) -> None:
    """A hint for a browser, a health check, and plain refusals."""
    assert b"JSON-RPC endpoint" in exchange("GET")[2]
    assert exchange("GET", "/health")[::2] == (200, b"ok\n")
    assert exchange("POST", "/v1")[0] == 404
    assert exchange("PUT")[0] == 405


def test_a_body_above_the_limit_is_refused(exchange: Exchange) -> None:
    """16 MiB pass, a byte more does not."""
    assert exchange(body=b"x" * MAX_BODY_BYTES)[0] == 200
    status, _, text = exchange(body=b"x" * (MAX_BODY_BYTES + 1))
    assert status == 413
    assert b"16777216" in text


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:8545", "[::1]:1", "LOCALHOST:80"])
def test_own_host_names_are_served(exchange: Exchange, name: str) -> None:
    """Any port: it may be forwarded."""
    assert exchange(body=b"x", Host=name)[0] == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "[::1", ""]
)
def test_foreign_host_names_are_refused(exchange: Exchange, name: str) -> None:
    """A page whose name was rebound to this machine reaches nothing."""
    status, _, text = exchange(body=b"x", Host=name)
    assert status == 403
    assert b"is not this node; use localhost" in text


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:5"])
def test_pages_from_this_machine_may_call(exchange: Exchange, origin: str) -> None:
    """Preflight and request carry the origin back."""
    status, headers, _ = exchange("OPTIONS", Origin=origin)
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, origin)
    assert "POST" in headers["Access-Control-Allow-Methods"]
    assert headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert exchange(body=b"x", Origin=origin)[1]["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_pages_from_elsewhere_may_not(exchange: Exchange, origin: str) -> None:
    """Not even blindly: the handler is never called."""
    for method in ("OPTIONS", "POST"):
        status, headers, _ = exchange(method, body=b"x", Origin=origin)
        assert status == 403
        assert "Access-Control-Allow-Origin" not in headers


def test_the_handler_runs_in_one_thread_with_a_large_stack(exchange: Exchange) -> None:
    """Calls do not overlap, recursion through C fits, and the server answers meanwhile."""
    assert exchange(body=b"depth")[2] == b"9000"
    started = time.perf_counter()
    askers = [threading.Thread(target=exchange, kwargs={"body": b"sleep"}) for _ in range(2)]
    for asker in askers:
        asker.start()
    time.sleep(0.1)
    assert exchange("GET", "/health")[0] == 200
    assert time.perf_counter() - started < 0.4
    for asker in askers:
        asker.join()
    assert time.perf_counter() - started >= 1.0


def test_a_port_in_use_is_named_with_the_remedy(port: int) -> None:
    """As are a port and a host that cannot be."""
    for host, number, message in (
        ("127.0.0.1", port, f"port {port} is in use; choose another with --port"),
        ("127.0.0.1", 70_000, "port is 70000; use 0 to 65535"),
        ("203.0.113.1", 0, "cannot listen on 203.0.113.1:0: "),
    ):
        server = Running(answer, host, number)
        server.stop()
        assert str(server.error).startswith(message)


def test_a_server_on_every_interface_takes_addresses_but_no_names() -> None:
    """A rebound name is a name; an address in the Host header is not."""
    server = Running(answer, "0.0.0.0")
    for host, expected in (("192.168.1.5:8545", 200), ("evil.example", 403), ("localhost", 200)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", "/", b"x", {"Host": host})
        assert connection.getresponse().status == expected
        connection.close()
    server.stop()


def test_an_address_that_was_just_used_can_be_used_again() -> None:
    """Restarting a node does not wait for the system to forget its connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    for _ in range(2):
        server = Running(answer, "127.0.0.1", number)
        connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
        connection.request("POST", "/", b"x")
        assert connection.getresponse().read() == b"echo x"
        server.stop()
        connection.close()
        assert server.error is None
