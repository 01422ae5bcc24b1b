"""HTTP server: hands bodies to a function in one worker thread; knows no Ethereum.

Loopback is no protection from a web page: a request with a foreign `Host` (DNS rebinding) or a
foreign `Origin` is refused.
"""

import asyncio
import errno
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from devnet.errors import ConfigError
from devnet.rpc.dispatch import MAX_BODY_BYTES

Handle = Callable[[bytes], bytes | None]
Ready = Callable[[int], None]

_STACK_BYTES = 128 << 20  # of the worker: EVM calls nest 1024 deep, each a dozen Python frames
_GRACE_S = 1.0  # seconds an answer may take once the server is told to stop
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_HINT = "This is a JSON-RPC endpoint: POST requests here, as in cast block-number --rpc-url URL\n"


def serve(handle: Handle, host: str, port: int, on_ready: Ready) -> None:
    """Answer until SIGINT or SIGTERM.

    Args:
        handle: one body to one answer; called in one thread, never twice at once.
        port: 0 takes any free one.
        on_ready: called with the port once it is open.
    Raises: ConfigError if the address cannot be listened on.
    """
    asyncio.run(_serve_until_signal(handle, host, port, on_ready))


async def run(
    handle: Handle, host: str, port: int, on_ready: Ready, stopped: asyncio.Event
) -> None:
    """Answer until `stopped` is set; the call that runs then is finished first.

    Raises: ConfigError if the address cannot be listened on.
    """
    with _start_worker() as worker:
        runner = web.AppRunner(
            _build_application(handle, host, worker), access_log=None, shutdown_timeout=_GRACE_S
        )
        await runner.setup()
        try:
            await _listen(runner, host, port)
            on_ready(runner.addresses[0][1])
            await stopped.wait()
        finally:
            await runner.cleanup()


async def _serve_until_signal(handle: Handle, host: str, port: int, on_ready: Ready) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await run(handle, host, port, on_ready, stopped)


def _start_worker() -> ThreadPoolExecutor:
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="rpc")
    before = threading.stack_size(_STACK_BYTES)
    try:
        worker.submit(int).result()  # the thread starts with its first task
    finally:
        threading.stack_size(before)
    return worker


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OverflowError as wrong:
        raise ConfigError(f"port is {port}; use 0 to 65535") from wrong
    except OSError as refused:
        if refused.errno == errno.EADDRINUSE:
            raise ConfigError(f"port {port} is in use; choose another with --port") from refused
        raise ConfigError(f"cannot listen on {host}:{port}: {refused.strerror}") from refused


def _build_application(handle: Handle, host: str, worker: ThreadPoolExecutor) -> web.Application:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(worker, handle, body)
        if found is None:
            return web.Response(status=204)
        return web.Response(body=found, content_type="application/json")

    async def show_hint(_: web.Request) -> web.StreamResponse:
        return web.Response(text=_HINT)

    async def show_health(_: web.Request) -> web.StreamResponse:
        return web.Response(text="ok\n")

    async def allow(_: web.Request) -> web.StreamResponse:
        return web.Response(status=204)

    application = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_build_guard(host)])
    application.router.add_post("/", answer)
    application.router.add_get("/", show_hint)
    application.router.add_get("/health", show_health)
    application.router.add_options("/", allow)
    return application


def _build_guard(host: str) -> Middleware:
    """Refuses what a page from elsewhere could send, and answers CORS for pages from here."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        given, origin = request.headers.get("Host"), request.headers.get("Origin")
        if given is not None and not _is_own_name(f"//{given}", host):
            return _refuse(f"host '{given[:100]}' is not this node; use localhost or {host}")
        if origin is not None and not _is_own_name(origin, host):
            return _refuse(f"pages from '{origin[:100]}' may not call this node; use localhost")
        try:
            response = await handler(request)
        except web.HTTPException as refused:
            response = web.Response(status=refused.status, text=f"{refused.text}\n")
        if origin is not None:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = "POST, GET, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Access-Control-Max-Age"] = "600"
            response.headers["Vary"] = "Origin"
        return response

    return guard


def _is_own_name(url: str, host: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
        return name in (*_LOCAL_NAMES, host.lower()) or (
            ip_address(host).is_unspecified and bool(ip_address(name))
        )
    except ValueError:
        return False


def _refuse(reason: str) -> web.Response:
    return web.Response(status=403, text=reason + "\n")
