"""web3's clients over each transport, blocking and asynchronous."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from threading import Lock
from typing import Any

from web3 import (
    AsyncHTTPProvider,
    AsyncIPCProvider,
    AsyncWeb3,
    HTTPProvider,
    IPCProvider,
    Web3,
)
from web3 import WebSocketProvider as AsyncWebSocketProvider
from web3.providers import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse
from websockets.sync.client import ClientConnection, connect


class WebSocketProvider(JSONBaseProvider):
    """One exchange at a time; web3 8 has only an asynchronous provider for WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__()
        self._connection = connection
        self._lock = Lock()

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        return self._exchange(self.encode_rpc_request(method, params))

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> Any:
        answers: Any = self._exchange(self.encode_batch_rpc_request(requests))
        return sorted(answers, key=lambda answer: answer["id"])

    def _exchange(self, body: bytes) -> RPCResponse:
        with self._lock:
            self._connection.send(body, text=True)
            return self.decode_rpc_response(self._connection.recv(decode=False))


@contextmanager
def open_web3(transport: str, port: int, ipc: str) -> Iterator[Web3]:
    """A blocking client over `http`, `ws` or `ipc`."""
    if transport == "ws":
        with connect(f"ws://127.0.0.1:{port}", max_size=None) as connection:
            yield Web3(WebSocketProvider(connection))
    elif transport == "ipc":
        provider: Any = IPCProvider(ipc)
        yield Web3(provider)
        provider._socket.sock.close()  # it does not by itself
    else:
        yield Web3(HTTPProvider(f"http://127.0.0.1:{port}"))


@asynccontextmanager
async def open_async_web3(transport: str, port: int, ipc: str) -> AsyncIterator[AsyncWeb3[Any]]:
    """An asynchronous client over `http`, `ws` or `ipc`."""
    if transport == "http":
        over_http = AsyncWeb3(AsyncHTTPProvider(f"http://127.0.0.1:{port}"))
        yield over_http
        await over_http.provider.disconnect()
        return
    over_ws = transport == "ws"
    provider = (
        AsyncWebSocketProvider(f"ws://127.0.0.1:{port}") if over_ws else AsyncIPCProvider(ipc)
    )
    async with AsyncWeb3(provider) as kept:
        yield kept
