"""Whom the node answers: loopback is no protection from a web page in a browser on this machine.

| header   | answered                                        | refused without it being named      |
|----------|-------------------------------------------------|-------------------------------------|
| `Host`   | own address, localhost, `--allow-host`          | any other name (DNS rebinding)      |
| `Origin` | none, pages from localhost, `--allow-origin`    | pages from elsewhere, WebSocket too |
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from devnet.errors import ConfigError

ANY = "*"
_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_SHOWN = 100  # characters of a header that are repeated


@dataclass(frozen=True, slots=True)
class Access:
    """Who may ask, beside programs and pages of this machine."""

    host: str  # the server's own address
    hosts: tuple[str, ...] = ()  # names in a Host header, `*` for any
    origins: tuple[str, ...] = ()  # as a browser sends them, `*` for any

    def __post_init__(self) -> None:
        """Raises: ConfigError for an origin that no browser sends."""
        for origin in self.origins:
            if origin not in (ANY, "null") and "://" not in origin:
                raise ConfigError(
                    f"--allow-origin '{origin}' is no origin, which has a scheme: use "
                    f"http://{origin}, https://{origin}, null or {ANY}"
                )

    def find_refusal(self, host: str | None, origin: str | None) -> str:
        """Why a request with these headers is refused; empty if it is not."""
        if host is not None and not self._is_host(host):
            return (
                f"host '{host[:_SHOWN]}' is not this node; use localhost or {self.host}, or start "
                "the node with --allow-host"
            )
        if origin is not None and not self._is_origin(origin):
            return (
                f"pages from '{origin[:_SHOWN]}' may not call this node; use localhost, or start "
                "the node with --allow-origin"
            )
        return ""

    def _is_host(self, given: str) -> bool:
        if ANY in self.hosts:
            return True
        name = _find_name(f"//{given}")
        return self._is_own(name) or name in [allowed.lower() for allowed in self.hosts]

    def _is_origin(self, given: str) -> bool:
        if ANY in self.origins or given.lower() in [o.lower().rstrip("/") for o in self.origins]:
            return True
        return self._is_own(_find_name(given))

    def _is_own(self, name: str) -> bool:
        try:
            return name in (*_LOCAL_NAMES, self.host.lower()) or (
                ip_address(self.host).is_unspecified and bool(ip_address(name))
            )
        except ValueError:
            return False


def build_guard(access: Access, handler: Handler) -> Handler:
    """A handler that refuses what a page from elsewhere could send, and says refusals in words."""

    async def guard(request: web.Request) -> web.StreamResponse:
        refusal = access.find_refusal(request.headers.get("Host"), request.headers.get("Origin"))
        if refusal:
            return web.Response(status=403, text=refusal + "\n")
        try:
            return await handler(request)
        except web.HTTPException as refused:
            return web.Response(status=refused.status, text=f"{refused.text}\n")

    return guard


def build_cors(access: Access) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """Adds what a browser wants to see before it shows a page the answer."""

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and not access.find_refusal(None, origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Allow-Methods"] = "POST, GET, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type"
            response.headers["Access-Control-Max-Age"] = "600"
            response.headers["Vary"] = "Origin"

    return add_headers


def _find_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
