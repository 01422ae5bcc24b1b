"""Subscriptions over a real WebSocket and IPC: what is sent when, and to whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import devnet.rpc.subscriptions as subscriptions_module
from contracts import load
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.transport.server import Listen
from precompiles.models.samples import read_sample

TO = "0x" + "11" * 20


class Peer:
    """A client with one connection: asks, and keeps what it was told beside."""

    def __init__(self, send: Callable[[str], Awaitable[None]], receive: Callable[[], Any]) -> None:
        self._send = send
        self._receive = receive
        self.news: list[dict[str, Any]] = []
        self._number = 0

    async def ask(self, method: str, *params: Any) -> Any:
        """The result; news that come before it are kept."""
        self._number += 1
        body = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        await self._send(json.dumps(body))
        while True:
            found = json.loads(await self._receive())
            if "id" in found:
                assert found["id"] == self._number
                return found.get("result", found.get("error"))
            self.news.append(found)

    async def hear(self, count: int) -> list[Any]:
        """The results of the next so many pieces of news."""
        while len(self.news) < count:
            self.news.append(json.loads(await self._receive()))
        heard, self.news = self.news[:count], self.news[count:]
        assert all(piece["method"] == "eth_subscription" for piece in heard)
        return [piece["params"]["result"] for piece in heard]


@asynccontextmanager
async def open_websocket(server: Any) -> AsyncIterator[Peer]:
    """Over WebSocket."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"ws://{server.host}", max_msg_size=0) as socket,
        asyncio.timeout(20),
    ):
        yield Peer(socket.send_str, socket.receive_str)


@asynccontextmanager
async def open_ipc(path: Path) -> AsyncIterator[Peer]:
    """Over IPC."""
    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 24)

    async def send(text: str) -> None:
        writer.write(text.encode())

    async with asyncio.timeout(20):
        yield Peer(send, reader.readline)
    writer.close()
    await writer.wait_closed()


@pytest.fixture
def ipc(tmp_path: Path) -> Path:
    """Where the server listens too."""
    return tmp_path / "node.ipc"


@pytest.fixture
def server(launch: Callable[..., Any], ipc: Path) -> Any:
    """A node of four."""
    return launch(Node(Config()), listen=Listen(port=0, ipc=ipc))


def test_new_heads_come_as_headers(server: Any, ipc: Path) -> None:
    """What a block has without its body; the block can be asked for when its head is heard."""

    async def run(opened: AbstractAsyncContextManager[Peer], last: str) -> None:
        async with opened as peer:
            name = await peer.ask("eth_subscribe", "newHeads")
            await peer.ask("evm_mine", {"blocks": 2})
            for head in await peer.hear(2):
                block = await peer.ask("eth_getBlockByHash", head["hash"], False)
                missing = {"transactions", "uncles", "withdrawals", "size"}
                assert head == {key: block[key] for key in block if key not in missing}
            assert await peer.ask("eth_unsubscribe", name) is True
            assert await peer.ask("eth_unsubscribe", name) is False
            await peer.ask("evm_mine")
            assert (await peer.ask("eth_blockNumber"), peer.news) == (last, [])

    asyncio.run(run(open_websocket(server), "0x3"))
    asyncio.run(run(open_ipc(ipc), "0x6"))


def test_events_come_and_go(server: Any, read_data: Callable[[int], str]) -> None:
    """Those that match, and again as removed when their block is undone."""
    model = server.ask("inference_addModel", "0x" + read_sample("digits_exact").hex())["id"]
    reader = _deploy(server, model)

    async def run() -> None:
        async with open_websocket(server) as peer:
            await peer.ask("eth_subscribe", "logs", {"address": reader})
            await peer.ask("eth_subscribe", "logs", {"address": TO})
            snapshot = await peer.ask("evm_snapshot")
            call = {"to": reader, "data": read_data(1), "gas": hex(200_000)}
            sent = await peer.ask("eth_sendTransaction", call)
            receipt = await peer.ask("eth_getTransactionReceipt", sent)
            await peer.ask("evm_revert", snapshot)
            (log,) = receipt["logs"]
            assert await peer.hear(2) == [log, {**log, "removed": True}]
            assert peer.news == []

    asyncio.run(run())


def test_inferences_and_commits_come_with_their_block(
    server: Any, read_data: Callable[[int], str]
) -> None:
    """As `inference_receipts` and `consensus_commit` show them; undone inferences as removed."""
    model = server.ask("inference_addModel", "0x" + read_sample("digits_exact").hex())["id"]
    reader = _deploy(server, model)

    async def run() -> None:
        async with open_websocket(server) as peer:
            await peer.ask("eth_subscribe", "inferences")
            snapshot = await peer.ask("evm_snapshot")
            call = {"to": reader, "data": read_data(1), "gas": hex(200_000)}
            sent = await peer.ask("eth_sendTransaction", call)
            (receipt,) = await peer.ask("inference_receipts", sent)
            await peer.ask("eth_subscribe", "commits")
            await peer.ask("evm_mine")
            commit = await peer.ask("consensus_commit", "latest")
            await peer.ask("evm_revert", snapshot)
            assert await peer.hear(3) == [
                {**receipt, "removed": False},
                commit,
                {**receipt, "removed": True},
            ]

    asyncio.run(run())


def test_pending_transactions_come_as_hashes_or_whole(server: Any) -> None:
    """Before their block; the node never syncs, and says nothing about it."""

    async def run() -> None:
        async with open_websocket(server) as peer:
            await peer.ask("eth_subscribe", "newPendingTransactions")
            await peer.ask("eth_subscribe", "newPendingTransactions", True)
            await peer.ask("eth_subscribe", "newHeads")
            await peer.ask("eth_subscribe", "syncing")
            sent = await peer.ask("eth_sendTransaction", {"to": TO})
            name, whole, head = await peer.hear(3)
            assert (name, whole["hash"], whole["blockHash"]) == (sent, sent, None)
            assert head["number"] == "0x1"

    asyncio.run(run())


def test_each_client_hears_what_it_asked_for(server: Any, ipc: Path) -> None:
    """Ids belong to a connection; one that leaves leaves nothing behind."""

    async def run() -> None:
        async with open_ipc(ipc) as quiet:
            async with open_websocket(server) as peer:
                name = await peer.ask("eth_subscribe", "newHeads")
                assert await quiet.ask("eth_unsubscribe", name) is False
                await peer.ask("evm_mine")
                assert len(await peer.hear(1)) == 1
            assert await quiet.ask("eth_blockNumber") == "0x1"
            assert quiet.news == []

    asyncio.run(run())
    assert "devnet_subscriptions 0\n" in _read_metrics(server)


def test_a_connection_has_so_many_subscriptions(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ends makes room."""
    monkeypatch.setattr(subscriptions_module, "MAX_SUBSCRIPTIONS", 2)

    async def run() -> None:
        async with open_websocket(server) as peer:
            first = await peer.ask("eth_subscribe", "newHeads")
            await peer.ask("eth_subscribe", "newHeads")
            refused = await peer.ask("eth_subscribe", "newHeads")
            assert (refused["code"], refused["message"]) == (
                -32005,
                "2 subscriptions on this connection; end some with eth_unsubscribe",
            )
            await peer.ask("eth_unsubscribe", first)
            assert isinstance(await peer.ask("eth_subscribe", "commits"), str)

    asyncio.run(run())


def test_what_does_not_read_is_refused(server: Any) -> None:
    """With what there is."""

    async def run() -> None:
        async with open_websocket(server) as peer:
            for params, message in (
                (["blocks"], "must be one of commits, inferences, logs, newHeads, newPending"),
                (["logs", {"address": 5}], "filter.address is 5"),
                (["newPendingTransactions", "yes"], "full is"),
                ([{}], "subscription is an object"),
                ([], "eth_subscribe takes 1 to 2 parameters"),
            ):
                refused = await peer.ask("eth_subscribe", *params)
                assert refused["code"] == -32602
                assert message in refused["message"]
            refused = await peer.ask("eth_unsubscribe", 5)
            assert refused["message"].startswith("subscription is 5")

    asyncio.run(run())


def _deploy(server: Any, model: str) -> str:
    creation = load("DigitReader").bytecode + bytes.fromhex(model[2:])
    sent = server.ask("eth_sendTransaction", {"data": "0x" + creation.hex()})
    address: str = server.ask("eth_getTransactionReceipt", sent)["contractAddress"]
    return address


def _read_metrics(server: Any) -> str:
    connection = HTTPConnection(server.host, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    return text
