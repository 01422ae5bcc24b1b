"""Bodies of HTTP requests as bytes, under a limit and without waiting for a client that stalls."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from devnet.rpc.limits import STALL_S

_PIECE_BYTES = 1 << 18


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body.

    Raises: HTTPRequestEntityTooLarge, HTTPRequestTimeout; ConnectionResetError if the client left.
    """
    declared = request.content_length
    if declared is not None and declared > limit:
        raise _build_refusal(declared, limit)
    pieces, size = [], 0
    async for piece in _read_pieces(request):
        size += len(piece)
        if size > limit:
            raise _build_refusal(size, limit)
        pieces.append(piece)
    return b"".join(pieces)


async def send_answer(request: web.Request, body: bytes, status: int = 200) -> web.StreamResponse:
    """Answer with JSON; a client that does not take the next piece in time is hung up on."""
    if len(body) <= _PIECE_BYTES:
        return web.Response(body=body, status=status, content_type="application/json")
    response = web.StreamResponse(status=status)
    response.content_type = "application/json"
    response.content_length = len(body)
    await response.prepare(request)
    for start in range(0, len(body), _PIECE_BYTES):
        try:
            async with asyncio.timeout(STALL_S):
                await response.write(body[start : start + _PIECE_BYTES])
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            break
    return response


async def _read_pieces(request: web.Request) -> AsyncIterator[bytes]:
    while True:
        try:
            async with asyncio.timeout(STALL_S):
                piece = await request.content.readany()
        except TimeoutError:
            raise web.HTTPRequestTimeout(
                text=f"the rest of the request did not come within {STALL_S:g} s"
            ) from None
        if not piece:
            return
        yield piece


def _build_refusal(size: int, limit: int) -> web.HTTPRequestEntityTooLarge:
    return web.HTTPRequestEntityTooLarge(
        limit, size, text=f"request of {size} bytes, at most {limit}"
    )
