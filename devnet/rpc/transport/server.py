"""HTTP and WebSocket on one port, IPC beside it: bytes in and out; knows no Ethereum.

| request                    | answer                                              |
|----------------------------|-----------------------------------------------------|
| `POST /`                   | JSON-RPC                                            |
| `GET /` with an upgrade    | WebSocket                                           |
| `POST /models`             | a file for `Endpoints.upload`, as it is             |
| `GET /metrics` `/health`   | Prometheus text, `ok`                               |
"""

import asyncio
import errno
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aiohttp import WSCloseCode, web
from aiohttp.typedefs import Handler

from devnet.errors import ConfigError
from devnet.rpc.limits import GRACE_S, IDLE_S, MAX_BODY_BYTES, MAX_CONNECTIONS, MAX_UPLOADS
from devnet.rpc.transport.access import Access, build_cors, build_guard
from devnet.rpc.transport.body import read_body, send_answer
from devnet.rpc.transport.ipc import listen_ipc
from devnet.rpc.transport.service import Service
from devnet.rpc.transport.session import Connect
from devnet.rpc.transport.websocket import OPEN, serve_websocket

Ready = Callable[[int], None]
Upload = Callable[[bytes, Mapping[str, str]], tuple[int, bytes]]

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus's text format
_HINT = "This is a JSON-RPC endpoint: POST requests here, as in cast block-number --rpc-url URL\n"
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"
    b"%d connections are open, no more are taken; close some\n"
)


@dataclass(frozen=True, slots=True)
class Listen:
    """Where to listen and whom to answer."""

    host: str = "127.0.0.1"
    port: int = 8545  # 0 takes any free one
    ipc: Path | None = None
    hosts: tuple[str, ...] = ()  # see `Access`
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What is behind the server."""

    service: Service
    connect: Connect
    upload: Upload  # in the writer thread: a file and the query to a status and JSON
    max_upload_bytes: int
    show_metrics: Callable[[], str]


class _Refuser(asyncio.Protocol):
    """A connection too many: told so in HTTP and closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(_BUSY % MAX_CONNECTIONS)
        transport.close()


async def run(endpoints: Endpoints, listen: Listen, on_ready: Ready, stop: asyncio.Event) -> None:
    """Answer until `stop` is set; what changes the node is finished first.

    Args:
        on_ready: called with the port once everything is open.
    Raises: ConfigError if an address cannot be listened on.
    """
    ipc = listen.ipc and listen_ipc(listen.ipc, endpoints.service, endpoints.connect)
    try:
        async with _listen_http(endpoints, listen) as port, ipc or nullcontext():
            on_ready(port)
            await stop.wait()
    finally:
        endpoints.service.stop()


def stop_on_signals(stop: asyncio.Event) -> None:
    """Set it on SIGINT and SIGTERM; a second one does not wait for answers."""
    loop = asyncio.get_running_loop()

    def obey(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, obey, number)


@asynccontextmanager
async def _listen_http(endpoints: Endpoints, listen: Listen) -> AsyncIterator[int]:
    application = build_application(endpoints, Access(listen.host, listen.hosts, listen.origins))
    runner = web.AppRunner(
        application,
        access_log=None,
        shutdown_timeout=GRACE_S / 2,  # aiohttp waits for it twice
        keepalive_timeout=IDLE_S,
    )
    await runner.setup()

    def welcome() -> asyncio.BaseProtocol:
        assert runner.server is not None, "the runner was set up"
        full = len(runner.server.connections) >= MAX_CONNECTIONS
        return _Refuser() if full else runner.server()

    try:
        server = await _open(welcome, listen.host, listen.port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _open(
    welcome: Callable[[], asyncio.BaseProtocol], host: str, port: int
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(welcome, host, port, reuse_address=True)
    except OverflowError as wrong:
        raise ConfigError(f"port is {port}; use 0 to 65535") from wrong
    except OSError as refused:
        if refused.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} is in use; choose another with --port") from refused
        raise ConfigError(f"cannot listen on {host}:{port}: {refused.strerror}") from refused


def build_application(endpoints: Endpoints, access: Access) -> web.Application:
    """The routes of the table above."""
    service = endpoints.service
    uploading = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        found = await service.handle(await read_body(request, MAX_BODY_BYTES))
        return web.Response(status=204) if found is None else await send_answer(request, found)

    async def show_or_upgrade(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await serve_websocket(request, service, endpoints.connect)
        return web.Response(text=_HINT)

    async def take_file(request: web.Request) -> web.StreamResponse:
        nonlocal uploading
        if uploading >= MAX_UPLOADS:
            raise web.HTTPServiceUnavailable(
                text=f"{MAX_UPLOADS} uploads are on their way; wait for one of them"
            )
        uploading += 1
        try:
            file = await read_body(request, endpoints.max_upload_bytes)
            work = partial(endpoints.upload, file, dict(request.query))
            status, found = await service.write(work)
        finally:
            uploading -= 1
        return await send_answer(request, found, status)

    async def show_metrics(_: web.Request) -> web.StreamResponse:
        response = web.Response(text=endpoints.show_metrics())
        response.headers["Content-Type"] = METRICS_TYPE
        return response

    async def show_health(_: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def allow(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    routes: Mapping[tuple[str, str], Handler] = {
        ("POST", "/"): answer,
        ("GET", "/"): show_or_upgrade,
        ("POST", "/models"): take_file,
        ("GET", "/metrics"): show_metrics,
        ("GET", "/health"): show_health,
        ("OPTIONS", "/"): allow,
        ("OPTIONS", "/models"): allow,
    }
    application = web.Application()
    application[OPEN] = {}
    application.on_response_prepare.append(build_cors(access))
    application.on_shutdown.append(_close_websockets)
    # one route and no middleware: aiohttp keeps every application that has some for good
    application.router.add_route("*", "/{path:.*}", build_guard(access, _choose(routes)))
    return application


def _choose(routes: Mapping[tuple[str, str], Handler]) -> Handler:
    async def choose(request: web.Request) -> web.StreamResponse:
        method = "GET" if request.method == "HEAD" else request.method
        handler = routes.get((method, request.path))
        if handler is not None:
            try:
                return await handler(request)
            except ConnectionError:  # else aiohttp logs a traceback for a client that left
                raise web.HTTPBadRequest(text="the client left\n") from None
        allowed = [known for known, path in routes if path == request.path]
        if allowed:
            raise web.HTTPMethodNotAllowed(request.method, allowed)
        raise web.HTTPNotFound

    return choose


async def _close_websockets(application: web.Application) -> None:
    closing = [
        socket.close(code=WSCloseCode.GOING_AWAY, message=b"the node stops")
        for socket in application[OPEN]
    ]
    await asyncio.gather(*closing, return_exceptions=True)
