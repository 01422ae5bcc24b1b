"""Who is answered: programs and pages of this machine, and whom the options name."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any

import pytest

from devnet.rpc.transport.access import Access
from devnet.rpc.transport.server import Listen

Exchange = Callable[..., tuple[int, dict[str, str], bytes]]
HOST = "127.0.0.1"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:8545", "[::1]:1", "LOCALHOST:80"])
def test_own_host_names_are_served(exchange: Exchange, name: str) -> None:
    """Any port: it may be forwarded."""
    assert exchange("GET", Host=name)[0] == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost.evil", "[::1", ""]
)
def test_foreign_host_names_are_refused(exchange: Exchange, name: str) -> None:
    """A page whose name was rebound to this machine reaches nothing, not even /health."""
    for path in ("/", "/health", "/metrics", "/models"):
        status, _, text = exchange("POST", path, Host=name)
        assert status == 403
        assert b"is not this node; use localhost" in text
        assert b"--allow-host" in text


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:5"])
def test_pages_from_this_machine_may_call(exchange: Exchange, origin: str) -> None:
    """Preflight and request carry the origin back; so do refusals that a page may read."""
    status, headers, _ = exchange("OPTIONS", Origin=origin)
    assert (status, headers["Access-Control-Allow-Origin"]) == (204, origin)
    assert "POST" in headers["Access-Control-Allow-Methods"]
    assert headers["Access-Control-Allow-Headers"] == "Content-Type"
    for path in ("/", "/nowhere"):
        answered = exchange(path=path, body=b"x", Origin=origin)[1]
        assert answered["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_pages_from_elsewhere_may_not(server: Any, exchange: Exchange, origin: str) -> None:
    """Not even blindly: the handler is never called."""
    before = len(server.observed)
    for method in ("OPTIONS", "POST"):
        status, headers, text = exchange(method, body=b"x", Origin=origin)
        assert status == 403
        assert b"--allow-origin" in text
        assert "Access-Control-Allow-Origin" not in headers
    assert len(server.observed) == before


def test_a_page_from_elsewhere_opens_no_websocket(exchange: Exchange) -> None:
    """Browsers send no preflight for one: the Origin header is all there is."""
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert exchange("GET", Origin="https://evil.example", **upgrade, **key)[0] == 403


@pytest.mark.parametrize(
    ("access", "host", "origin", "allowed"),
    [
        (Access(HOST, hosts=("Node.Example",)), "node.example:80", None, True),
        (Access(HOST, hosts=("node.example",)), "other.example", None, False),
        (Access(HOST, hosts=("*",)), "anything", None, True),
        (Access(HOST, hosts=("*",)), "anything", "https://evil.example", False),
        (Access(HOST, origins=("https://app.example/",)), None, "https://app.example", True),
        (Access(HOST, origins=("https://app.example",)), None, "http://app.example", False),
        (Access(HOST, origins=("https://app.example",)), None, "https://app.example:1", False),
        (Access(HOST, origins=("https://app.example",)), None, "http://localhost:1", True),
        (Access(HOST, origins=("*",)), None, "null", True),
        (Access(HOST, origins=("*",)), "evil.example", "null", False),
        (Access("node.lan"), "node.lan:8545", "http://node.lan", True),
        (Access(HOST), None, None, True),
    ],
)
def test_options_add_to_whom_is_answered(
    access: Access, host: str | None, origin: str | None, allowed: bool
) -> None:
    """Names and origins as they stand; an asterisk for all; one never stands for the other."""
    assert (access.find_refusal(host, origin) == "") is allowed


def test_a_server_on_every_interface_takes_addresses_but_no_names(launch: Any) -> None:
    """A rebound name is a name; an address in the Host header is not."""
    server = launch(Listen("0.0.0.0", 0))
    for host, expected in (("192.168.1.5:8545", 200), ("evil.example", 403), ("localhost", 200)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/", headers={"Host": host})
        assert connection.getresponse().status == expected
        connection.close()
    server.stop()


@pytest.mark.parametrize("origin", ["localhost:3000", "app.example", "", "*.example"])
def test_an_origin_that_no_browser_sends_is_refused_at_start(launch: Any, origin: str) -> None:
    """Rather than every request of that page later."""
    server = launch(Listen(port=0, origins=("https://app.example", origin)))
    assert f"--allow-origin '{origin}' is no origin" in str(server.error)
