"""WebSocket on the port of HTTP: a message is a body, an answer or a piece of news."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from devnet.rpc.limits import GRACE_S, HEARTBEAT_S, MAX_BODY_BYTES
from devnet.rpc.transport.service import Service
from devnet.rpc.transport.session import Connect, Session

_logger = logging.getLogger(__name__)
OPEN = web.AppKey("open", dict[web.WebSocketResponse, None])


async def serve_websocket(
    request: web.Request, service: Service, connect: Connect
) -> web.WebSocketResponse:
    """Answer until either side closes.

    A client that reads too slowly is told so in the close frame, code 1008.
    """
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S, max_msg_size=MAX_BODY_BYTES, compress=False, timeout=GRACE_S
    )
    await socket.prepare(request)

    async def send(message: bytes) -> None:
        await socket.send_str(message.decode())

    sockets = request.app[OPEN]
    sockets[socket] = None
    try:
        reason = await Session(service, connect, send).serve(_read_messages(socket))
        if reason:
            await _refuse(request, socket, reason)
    finally:
        sockets.pop(socket, None)
    return socket


async def _refuse(request: web.Request, socket: web.WebSocketResponse, reason: str) -> None:
    """Close with a reason, which a client sees that reads on; hang up on one that does not."""
    _logger.warning("closing a WebSocket: %s", reason)
    with suppress(TimeoutError):
        async with asyncio.timeout(GRACE_S):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=reason.encode())
    if request.transport is not None:
        request.transport.abort()


async def _read_messages(socket: web.WebSocketResponse) -> AsyncIterator[bytes]:
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            yield message.data.encode()
        elif message.type is WSMsgType.BINARY:
            yield message.data
    raise ConnectionResetError("the client closed the WebSocket")
