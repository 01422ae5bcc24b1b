"""Connections that stay open, over HTTP, WebSocket and IPC: several requests at once on each."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

Ask = Callable[..., Awaitable[Any]]  # a method and its parameters to the whole answer
Open = Callable[[str, Path], AbstractAsyncContextManager[Ask]]  # given host and port, and socket


@asynccontextmanager
async def _open_http(host: str, _: Path) -> AsyncIterator[Ask]:
    """Two connections that are kept alive: what takes long has one for itself."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=2)) as session:

        async def ask(method: str, *params: object) -> Any:
            async with session.post(f"http://{host}", json=_build(1, method, params)) as answer:
                return await answer.json()

        yield ask


@asynccontextmanager
async def _open_websocket(host: str, _: Path) -> AsyncIterator[Ask]:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://{host}") as socket,
        _match(socket.send_str, socket.receive_str) as ask,
    ):
        yield ask


@asynccontextmanager
async def _open_ipc(_: str, path: Path) -> AsyncIterator[Ask]:
    reader, writer = await asyncio.open_unix_connection(path)

    async def send(text: str) -> None:
        writer.write(text.encode())

    async with _match(send, reader.readline) as ask:
        yield ask
    writer.close()
    await writer.wait_closed()


@asynccontextmanager
async def _match(
    send: Callable[[str], Awaitable[None]], receive: Callable[[], Awaitable[str | bytes]]
) -> AsyncIterator[Ask]:
    """Answers on one connection are matched by their id."""
    waiting: dict[int, asyncio.Future[Any]] = {}

    async def ask(method: str, *params: object) -> Any:
        identity = len(waiting)
        waiting[identity] = asyncio.get_running_loop().create_future()
        await send(json.dumps(_build(identity, method, params)))
        return await waiting[identity]

    async def collect() -> None:
        while True:
            found = json.loads(await receive())
            waiting[found["id"]].set_result(found)

    collector = asyncio.create_task(collect())
    yield ask
    collector.cancel()


def _build(identity: int, method: str, params: tuple[object, ...]) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


CONNECTIONS: Mapping[str, Open] = {
    "http": _open_http,
    "websocket": _open_websocket,
    "ipc": _open_ipc,
}
