"""WebSocket on the port of HTTP: answers, news, and clients that do not behave."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from socket import create_connection
from typing import Any

import aiohttp
import pytest

import devnet.rpc.transport.session as session_module
import devnet.rpc.transport.websocket as websocket_module
from devnet.rpc.limits import MAX_BODY_BYTES
from devnet.rpc.transport.server import Listen

Encode = Callable[..., bytes]
Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Socket]:
    """A client of the server."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://127.0.0.1:{port}", max_msg_size=0) as socket,
    ):
        yield socket


def talk(port: int, run: Callable[[Socket], Awaitable[None]]) -> None:
    """Run a conversation."""

    async def converse() -> None:
        async with connect(port) as socket, asyncio.timeout(20):
            await run(socket)

    asyncio.run(converse())


async def receive(socket: Socket) -> Any:
    """The next message."""
    return json.loads(await socket.receive_str())


def test_messages_are_answered_text_or_binary(server: Any, request_body: Encode) -> None:
    """One answer a message, a batch in one; a notification none."""

    async def run(socket: Socket) -> None:
        await socket.send_bytes(request_body(1, "echo", "a"))
        await socket.send_str('{"jsonrpc":"2.0","method":"echo"}')
        await socket.send_str(f"[{request_body(2, 'echo', 'b').decode()}]")
        await socket.send_str("nonsense")
        assert (await receive(socket))["result"] == "a"
        assert [answer["result"] for answer in await receive(socket)] == ["b"]
        assert (await receive(socket))["error"]["code"] == -32700

    talk(server.port, run)


def test_a_long_call_does_not_stop_the_others_of_its_connection(
    server: Any, request_body: Encode
) -> None:
    """Answers come when they are there, writes in the order they were sent."""

    async def run(socket: Socket) -> None:
        began = time.perf_counter()
        await socket.send_bytes(request_body(1, "read", 0.5, "long"))
        for number in range(20):
            await socket.send_bytes(request_body(number + 2, "count"))
        counted = [await receive(socket) for _ in range(20)]
        assert time.perf_counter() - began < 0.4
        assert [answer["id"] for answer in counted] == list(range(2, 22))
        results = [answer["result"] for answer in counted]
        assert results == list(range(results[0], results[0] + 20))
        assert (await receive(socket))["id"] == 1

    talk(server.port, run)


def test_news_come_after_the_answer_that_names_them(server: Any, request_body: Encode) -> None:
    """In a batch with a long call too."""

    async def run(socket: Socket) -> None:
        await socket.send_bytes(request_body(1, "listen", 2))
        assert (await receive(socket))["result"] == "listening"
        assert [await receive(socket) for _ in range(2)] == ["x" * 10] * 2
        parts = request_body(1, "listen", 1), request_body(2, "read", 0.2)
        await socket.send_bytes(b"[" + b",".join(parts) + b"]")
        assert len(await receive(socket)) == 2
        assert await receive(socket) == "x" * 10

    talk(server.port, run)


def test_more_requests_than_run_at_once_wait_their_turn(
    server: Any, request_body: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is lost: the server reads on when some are done."""
    monkeypatch.setattr(session_module, "MAX_RUNNING", 3)

    async def run(socket: Socket) -> None:
        for number in range(50):
            await socket.send_bytes(request_body(number, "read", 0.001))
        answered = [(await receive(socket))["id"] for _ in range(50)]
        assert sorted(answered) == list(range(50))

    talk(server.port, run)


def test_a_message_above_the_limit_ends_the_connection(server: Any) -> None:
    """With the code for it, 1009, as soon as its length is known."""
    handshake = (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(handshake)
        assert raw.recv(1_000).startswith(b"HTTP/1.1 101")
        raw.sendall(b"\x82\xff" + (MAX_BODY_BYTES + 1).to_bytes(8, "big") + bytes(4))
        frame = raw.recv(1_000)
    assert (frame[0], int.from_bytes(frame[2:4], "big")) == (0x88, 1009)


def test_a_slow_reader_is_dropped_with_a_reason(
    server: Any, request_body: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once too much waits for it; the others notice nothing."""
    monkeypatch.setattr(session_module, "MAX_QUEUED_MESSAGES", 100)

    async def run(socket: Socket) -> None:
        await socket.send_bytes(request_body(1, "listen", 1_000, 100_000))
        await asyncio.sleep(0.3)
        assert await asyncio.to_thread(server.ask, "echo", 5) == 5
        while (message := await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert message.data == 1008
        assert str(message.extra).startswith("slow reader: 100 messages, ")

    talk(server.port, run)


def test_a_client_that_reads_nothing_at_all_is_hung_up_on(
    server: Any, request_body: Encode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even the reason does not reach it."""
    monkeypatch.setattr(session_module, "MAX_QUEUED_BYTES", 1 << 20)
    monkeypatch.setattr(websocket_module, "GRACE_S", 0.2)

    async def run(socket: Socket) -> None:
        await socket.send_bytes(request_body(1, "listen", 50, 1 << 20))
        await asyncio.sleep(1)
        received = 0
        while (await socket.receive()).type is aiohttp.WSMsgType.TEXT:
            received += 1
        assert received < 51

    talk(server.port, run)


def test_a_peer_that_answers_no_ping_is_let_go(
    launch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its place is free for others."""
    monkeypatch.setattr(websocket_module, "HEARTBEAT_S", 0.2)
    server = launch(Listen(port=0))

    async def run() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"ws://127.0.0.1:{server.port}", autoping=False) as socket,
        ):
            assert (await socket.receive()).type is aiohttp.WSMsgType.PING
            assert (await socket.receive()).type in (
                aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR, aiohttp.WSMsgType.CLOSE
            )  # fmt: skip

    asyncio.run(run())
    server.stop()


def test_clients_are_told_when_the_server_stops(launch: Any) -> None:
    """Code 1001, going away."""
    server = launch(Listen(port=0))

    async def run(socket: Socket) -> None:
        stopping = asyncio.create_task(asyncio.to_thread(server.stop))
        message = await socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1001)
        await socket.close()
        await stopping

    talk(server.port, run)
