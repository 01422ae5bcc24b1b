"""IPC: the same answers over a Unix socket, however the values are strung together."""

from __future__ import annotations

import json
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import devnet.rpc.transport.ipc as ipc_module
import devnet.rpc.transport.session as session_module
from devnet.rpc.transport.server import Listen

Encode = Callable[..., bytes]


class Client:
    """A connection, read line by line."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(str(path))
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> Any:
        """The next answer, nothing if the other end closed before it was whole."""
        line = self._file.readline()
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self) -> None:
        self._file.close()
        self.socket.close()


@pytest.fixture
def ipc_path(server: Any) -> Path:
    """The server's socket."""
    path: Path = server.ipc
    return path


@pytest.fixture
def client(server: Any, ipc_path: Path) -> Iterator[Client]:
    """A client of the server."""
    found = Client(ipc_path)
    yield found
    found.close()


def test_values_back_to_back_are_each_answered(client: Client, request_body: Encode) -> None:
    """With and without line ends, in pieces, batches among them, a notification silently."""
    sent = b"".join(request_body(number, "count") for number in range(3))
    sent += b'{"jsonrpc":"2.0","method":"echo"}\n[' + request_body(3, "echo", "[{") + b"]\n"
    for start in range(0, len(sent), 7):
        client.send(sent[start : start + 7])
    answers = [client.receive() for _ in range(4)]
    batches = [answer for answer in answers if isinstance(answer, list)]
    assert [answer["id"] for answer in answers if answer not in batches] == [0, 1, 2]
    assert [answer["result"] for answer in batches[0]] == ["[{"]


def test_what_is_no_json_is_answered_and_what_follows_too(
    client: Client, request_body: Encode
) -> None:
    """A scalar is no request."""
    client.send(b"nonsense 5 " + request_body(1, "echo", 1))
    answers = [client.receive() for _ in range(3)]
    assert [answer.get("error", {}).get("code") for answer in answers] == [-32700, -32600, None]


def test_a_value_too_deep_is_answered_and_ends_the_connection(client: Client) -> None:
    """Where the next one begins is not known."""
    client.send(b"[" * 100)
    assert "brackets inside each other" in client.receive()["error"]["message"]
    assert client.receive() is None


def test_a_client_that_says_no_more_gets_its_answers(client: Client, request_body: Encode) -> None:
    """As a shell pipe does: all is sent, then all is read."""
    client.send(request_body(1, "read", 0.2, "slow") + request_body(2, "echo", 2))
    client.socket.shutdown(socket.SHUT_WR)
    assert {client.receive()["id"], client.receive()["id"]} == {1, 2}
    assert client.receive() is None


def test_a_long_call_does_not_stop_the_others(client: Client, request_body: Encode) -> None:
    """On the same connection."""
    client.send(request_body(1, "read", 0.4) + request_body(2, "echo"))
    assert [client.receive()["id"], client.receive()["id"]] == [2, 1]


def test_news_are_lines_of_their_own(client: Client, request_body: Encode) -> None:
    """After the answer that names them."""
    client.send(request_body(1, "listen", 2))
    assert client.receive()["result"] == "listening"
    assert [client.receive(), client.receive()] == ["x" * 10] * 2


def test_a_slow_reader_is_dropped(
    client: Client, server: Any, request_body: Encode, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """The reason is in the log: the line is full."""
    monkeypatch.setattr(session_module, "MAX_QUEUED_BYTES", 1 << 20)
    client.send(request_body(1, "listen", 100, 1 << 18))
    assert server.ask("echo", 1) == 1
    received = 0
    while client.receive() is not None:
        received += 1
    assert received < 100
    assert "closing an IPC connection: slow reader: " in caplog.text


def test_connections_above_the_limit_are_closed(
    server: Any, ipc_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are open go on."""
    monkeypatch.setattr(ipc_module, "MAX_CONNECTIONS", 1)
    first, second = Client(ipc_path), Client(ipc_path)
    try:
        first.send(b"{}")
        assert first.receive() is not None
        with suppress(ConnectionResetError):
            assert second.receive() is None
    finally:
        first.close()
        second.close()
    time.sleep(0.1)


def test_only_the_owner_may_open_the_socket(server: Any, ipc_path: Path) -> None:
    """Where other users of the machine could otherwise send from unlocked accounts."""
    assert stat.S_IMODE(ipc_path.stat().st_mode) == 0o600


def test_the_socket_of_a_dead_node_is_taken_over_that_of_a_living_one_is_not(
    launch: Any, tmp_path: Path
) -> None:
    """It is gone when the server stops; a file of another kind is left alone."""
    path = tmp_path / "node.ipc"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = launch(Listen(port=0, ipc=path))
    rival = launch(Listen(port=0, ipc=path))
    rival.stop()
    assert f"another node answers on --ipc {path}" in str(rival.error)
    server.stop()
    assert server.error is None
    assert not path.exists()
    path.write_text("mine")
    refused = launch(Listen(port=0, ipc=path))
    refused.stop()
    assert f"cannot listen on --ipc {path}" in str(refused.error)
    assert path.read_text() == "mine"


def test_a_path_that_cannot_be_is_named(launch: Any, tmp_path: Path) -> None:
    """Longer than the system takes, or in no folder."""
    for path in (tmp_path / ("x" * 200), tmp_path / "nowhere" / "node.ipc"):
        refused = launch(Listen(port=0, ipc=path))
        refused.stop()
        assert f"cannot listen on --ipc {path}" in str(refused.error)
