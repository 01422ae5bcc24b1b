"""IPC: JSON values over a Unix socket, back to back or on a line each; answers and news on a line.

Only its owner may open the socket: the system's rights stand where a Host header is elsewhere.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from devnet.errors import ConfigError
from devnet.rpc.limits import MAX_BODY_BYTES, MAX_CONNECTIONS
from devnet.rpc.transport.json_stream import JsonStream
from devnet.rpc.transport.service import Service
from devnet.rpc.transport.session import Connect, Session

_PIECE_BYTES = 1 << 16
_OWNER_ONLY = 0o600
_TURNS_TO_WELCOME = 4  # of the event loop, from accepting a client to knowing it
_logger = logging.getLogger(__name__)


@asynccontextmanager
async def listen_ipc(path: Path, service: Service, connect: Connect) -> AsyncIterator[None]:
    """Answer on a socket while the block runs; it is gone afterwards.

    Raises: ConfigError if the path cannot be used, or another node answers there.
    """
    clients: dict[asyncio.Task[None], None] = {}

    def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(clients) >= MAX_CONNECTIONS:
            _logger.warning("refusing a client of %s: %d are connected", path, len(clients))
            writer.transport.abort()
            return
        task = asyncio.create_task(_serve_client(reader, writer, service, connect))
        clients[task] = None
        task.add_done_callback(clients.pop)
        task.add_done_callback(lambda _: writer.transport.abort())  # even if it never began

    _remove_stale(path)
    try:
        server = await asyncio.start_unix_server(welcome, path)
    except OSError as refused:
        raise ConfigError(f"cannot listen on --ipc {path}: {refused}") from refused
    path.chmod(_OWNER_ONLY)
    try:
        yield
    finally:
        await _turn(_TURNS_TO_WELCOME)  # asyncio loses whom it accepted as it closes
        server.close()
        for task in clients:
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        await _turn(1)  # their sockets are closed in the next one
        path.unlink(missing_ok=True)


async def _serve_client(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, service: Service, connect: Connect
) -> None:
    async def send(message: bytes) -> None:
        writer.write(message + b"\n")
        await writer.drain()

    reason = await Session(service, connect, send).serve(_read_values(reader))
    if reason:
        _logger.warning("closing an IPC connection: %s", reason)


async def _turn(count: int) -> None:
    """Let the event loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def _read_values(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    stream = JsonStream(MAX_BODY_BYTES)
    while piece := await reader.read(_PIECE_BYTES):
        for value in stream.feed(piece):
            yield value


def _remove_stale(path: Path) -> None:
    """Remove the socket of a node that is gone. Raises: ConfigError if one answers there."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.connect(str(path))
        raise ConfigError(f"another node answers on --ipc {path}; choose another path")
    path.unlink(missing_ok=True)
