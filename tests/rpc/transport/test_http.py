"""HTTP around a service: what is answered, how much is taken, how it starts and stops."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import devnet.rpc.transport.body as body_module
import devnet.rpc.transport.server as server_module
from devnet.rpc.limits import MAX_BODY_BYTES
from devnet.rpc.transport.server import Listen

Exchange = Callable[..., tuple[int, dict[str, str], bytes]]
Encode = Callable[..., bytes]


def test_a_body_is_answered_as_json(exchange: Exchange, request_body: Encode) -> None:
    """Whatever its declared type; no answer is 204."""
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        status, headers, body = exchange(
            body=request_body(1, "echo", "hello"), **{"Content-Type": kind}
        )
        assert (status, json.loads(body)["result"]) == (200, "hello")
        assert headers["Content-Type"].startswith("application/json")
    assert exchange(body=b'{"jsonrpc":"2.0","method":"echo"}')[0] == 204


def test_other_paths_and_methods_are_answered_in_words(exchange: Exchange) -> None:
    """A hint for a browser, a health check, metrics, and plain refusals."""
    assert b"JSON-RPC endpoint" in exchange("GET")[2]
    assert exchange("GET", "/health")[::2] == (200, b"ok\n")
    status, headers, body = exchange("GET", "/metrics")
    assert (status, body) == (200, b"metrics 1\n")
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert exchange("POST", "/v1")[0] == 404
    assert exchange("PUT")[0] == exchange("DELETE", "/health")[0] == 405
    assert exchange("HEAD")[::2] == (200, b"")


def test_a_body_above_the_limit_is_refused(exchange: Exchange, request_body: Encode) -> None:
    """16 MiB pass, a byte more does not, whether its length is declared or not."""
    empty = len(request_body(1, "echo", ""))
    fits = request_body(1, "echo", "x" * (MAX_BODY_BYTES - empty))
    assert exchange(body=fits)[0] == 200
    for body in (fits + b" ", iter([fits, b" "])):
        status, _, text = exchange(body=body)
        assert status == 413
        assert b"16777217 bytes, at most 16777216" in text


def test_a_large_answer_arrives_whole(server: Any, exchange: Exchange) -> None:
    """In pieces, with its length."""
    status, headers, body = exchange(
        body=b'{"jsonrpc":"2.0","id":1,"method":"big","params":[5000000]}'
    )
    assert (status, headers["Content-Length"]) == (200, str(len(body)))
    assert json.loads(body)["result"] == "x" * 5_000_000


def test_a_file_is_handed_over_as_it_is_with_its_query(exchange: Exchange) -> None:
    """Not as JSON, and with a limit of its own."""
    file = bytes(range(256)) * 4096
    assert json.loads(exchange("POST", "/models?alias=a%20b", file)[2]) == [
        1 << 20,
        {"alias": "a b"},
    ]
    assert exchange("POST", "/models", file + b"x")[0] == 413


def test_more_uploads_than_the_limit_are_told_to_wait(server: Any, exchange: Exchange) -> None:
    """Two at once; a file that waits costs memory."""
    path = "/models?seconds=0.4"
    threads = [threading.Thread(target=exchange, args=("POST", path, b"x")) for _ in range(2)]
    for thread in threads:
        thread.start()
    time.sleep(0.15)
    status, _, text = exchange("POST", path, b"x")
    assert (status, text) == (503, b"2 uploads are on their way; wait for one of them\n")
    for thread in threads:
        thread.join()


@contextmanager
def connect(port: int) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        yield connection


def test_a_client_that_stalls_in_a_body_is_hung_up_on(
    server: Any, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are answered meanwhile."""
    monkeypatch.setattr(body_module, "STALL_S", 0.3)
    with connect(server.port) as slow:
        slow.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nxx")
        began = time.perf_counter()
        assert exchange("GET", "/health")[0] == 200
        assert time.perf_counter() - began < 0.2
        answer = slow.recv(1_000)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"did not come within 0.3 s" in answer


def test_a_client_that_does_not_read_its_answer_is_hung_up_on(
    server: Any, request_body: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it would have read is let go of."""
    monkeypatch.setattr(body_module, "STALL_S", 0.3)
    question = request_body(1, "big", 50_000_000)
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(question)}\r\n\r\n"
    with connect(server.port) as slow:
        slow.sendall(head.encode() + question)
        received = len(slow.recv(1))  # the answer has begun
        time.sleep(1.0)
        while piece := slow.recv(1 << 20):
            received += len(piece)
    assert 0 < received < 50_000_000


def test_connections_above_the_limit_are_told_so(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 and closed; a place that is given up is taken again."""
    monkeypatch.setattr(server_module, "MAX_CONNECTIONS", 2)
    with connect(server.port), connect(server.port):
        time.sleep(0.1)
        with connect(server.port) as third:
            answer = third.recv(1_000)
            assert answer.startswith(b"HTTP/1.1 503")
            assert answer.endswith(b"2 connections are open, no more are taken; close some\n")
    time.sleep(0.1)
    assert server.exchange("GET", "/health")[0] == 200


def test_an_idle_connection_is_closed(launch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never asked, too."""
    monkeypatch.setattr(server_module, "IDLE_S", 0.2)
    server = launch(Listen(port=0))
    with connect(server.port) as idle:
        idle.sendall(b"POST / HTT")
        assert idle.recv(10) == b""
    server.stop()


def test_a_port_in_use_is_named_with_the_remedy(server: Any, launch: Any) -> None:
    """As are a port and a host that cannot be."""
    for host, number, message in (
        ("127.0.0.1", server.port, f"port {server.port} is in use; choose another with --port"),
        ("127.0.0.1", 70_000, "port is 70000; use 0 to 65535"),
        ("203.0.113.1", 0, "cannot listen on 203.0.113.1:0: "),
    ):
        refused = launch(Listen(host, number))
        refused.stop()
        assert str(refused.error).startswith(message)


def test_a_server_is_reached_on_loopback_alone_unless_told_otherwise(launch: Any) -> None:
    """Another address of this machine, even another one of loopback, has nobody behind it."""
    default, everywhere = Listen(), Listen("0.0.0.0", port=0)
    assert default.host == "127.0.0.1"
    for listen, is_reached in ((replace(default, port=0), False), (everywhere, True)):
        server = launch(listen)
        assert server.exchange("GET", "/health")[0] == 200
        other = http.client.HTTPConnection("127.0.0.2", server.port, timeout=10)
        if is_reached:
            other.request("GET", "/health")
            assert other.getresponse().read() == b"ok\n"
        else:
            with pytest.raises(ConnectionRefusedError):
                other.request("GET", "/health")
        other.close()
        server.stop()


def test_an_address_that_was_just_used_can_be_used_again(launch: Any) -> None:
    """Restarting a node does not wait for the system to forget its connections."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    for _ in range(2):
        server = launch(Listen(port=number))
        connection = http.client.HTTPConnection("127.0.0.1", number, timeout=10)
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b"ok\n"
        server.stop()
        connection.close()
        assert server.error is None


def test_what_was_begun_is_finished_before_the_server_stops(launch: Any) -> None:
    """The client gets its answer."""
    server = launch(Listen(port=0))
    answers: list[object] = []
    asker = threading.Thread(target=lambda: answers.append(server.ask("write", 0.5, "last")))
    asker.start()
    time.sleep(0.2)
    server.stop()
    asker.join()
    assert answers == ["last"]


def test_a_client_that_leaves_is_no_error(
    launch: Any, request_body: Encode, caplog: pytest.LogCaptureFixture
) -> None:
    """In the middle of its request or of the answer: nothing is logged, others are answered."""
    server = launch(Listen(port=0))
    asked = request_body(1, "big", 64 << 20)
    head = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    with connect(server.port) as leaving:
        leaving.sendall(head % 1_000 + b"{")
    with connect(server.port) as leaving:
        leaving.sendall(head % len(asked) + asked)
        assert leaving.recv(1)
    assert server.ask("echo", "still here") == "still here"
    server.stop()
    assert caplog.records == []
