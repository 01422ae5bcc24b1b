"""A whole node behind its server: long calls, writes among reads, uploads, time."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from devnet.config import Config
from devnet.errors import RemoteError
from devnet.node import Node
from devnet.rpc.client import Client
from devnet.rpc.transport.server import Listen
from precompiles.models.samples import read_sample

TO = "0x" + "11" * 20
LOOP = "0x60038060095f395ff35b5f56"  # deploys JUMPDEST PUSH0 JUMP


@pytest.fixture
def server(launch: Callable[..., Any]) -> Any:
    """A node of four with a contract that never ends."""
    return launch(Node(Config()))


def deploy_loop(server: Any, seconds: float) -> dict[str, str]:
    """A call that burns its gas in a loop for about so long."""
    sent = server.ask("eth_sendTransaction", {"data": LOOP, "gas": hex(200_000)})
    address = server.ask("eth_getTransactionReceipt", sent)["contractAddress"]
    began = time.perf_counter()
    with pytest.raises(RemoteError, match="out of gas"):
        server.ask("eth_call", {"to": address, "gas": hex(1_000_000)})
    gas = int(seconds * 1_000_000 / (time.perf_counter() - began))
    return {"to": address, "gas": hex(min(gas, 30_000_000))}


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize("seconds", [1.0, pytest.param(5.0, marks=pytest.mark.slow)])
def test_a_long_call_delays_nobody(server: Any, kind: str, seconds: float) -> None:
    """While one runs, the height is answered again and again."""
    call = deploy_loop(server, seconds)

    async def run() -> tuple[list[float], float]:
        waits: list[float] = []
        async with aiohttp.ClientSession() as session:
            began = time.perf_counter()
            if kind == "http":
                ask = _ask_http(session, server.host)
                long = asyncio.create_task(ask("eth_call", call))
            else:
                socket = await session.ws_connect(f"ws://{server.host}")
                await socket.send_json(_build(0, "eth_call", [call]))
                long = asyncio.create_task(_collect(socket, answers))
                ask = _ask_socket(socket, answers)
            while not long.done():
                asked = time.perf_counter()
                assert (await ask("eth_blockNumber"))["result"] == "0x1"
                waits.append(time.perf_counter() - asked)
                await asyncio.sleep(0.02)
            return waits, time.perf_counter() - began

    answers: dict[int, asyncio.Future[Any]] = {}
    waits, took_s = asyncio.run(run())
    assert len(waits) > 5, f"{len(waits)} answers in {took_s:.1f} s"


def _build(identity: int, method: str, params: list[Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def _ask_http(session: aiohttp.ClientSession, host: str) -> Callable[..., Any]:
    async def ask(method: str, *params: Any) -> Any:
        async with session.post(f"http://{host}", json=_build(1, method, list(params))) as answer:
            return await answer.json()

    return ask


def _ask_socket(
    socket: aiohttp.ClientWebSocketResponse, answers: dict[int, asyncio.Future[Any]]
) -> Callable[..., Any]:
    async def ask(method: str) -> Any:
        identity = len(answers) + 1
        answers[identity] = asyncio.get_running_loop().create_future()
        await socket.send_json(_build(identity, method, []))
        return await answers[identity]

    return ask


async def _collect(
    socket: aiohttp.ClientWebSocketResponse, answers: dict[int, asyncio.Future[Any]]
) -> None:
    """Until the long call and everything asked beside it are answered."""
    is_over = False
    while not is_over or not all(answer.done() for answer in answers.values()):
        found = await socket.receive_json()
        if found["id"] == 0:
            is_over = True
        else:
            answers[found["id"]].set_result(found)


def test_reads_see_whole_moments_while_blocks_come_and_go(server: Any) -> None:
    """Head, its transactions and their receipts agree in a batch of one moment or are all gone."""
    stopped = threading.Event()
    failures: list[object] = []

    def read() -> None:
        client = Client(f"http://{server.host}")
        while not stopped.is_set():
            block = client.request("eth_getBlockByNumber", "latest", True)
            if not block["transactions"]:
                continue
            sent = block["transactions"][0]
            receipt = client.request("eth_getTransactionReceipt", sent["hash"])
            if receipt is not None and receipt["transactionHash"] != sent["hash"]:
                failures.append(receipt)
            for method in ("eth_getBalance", "eth_getTransactionCount"):
                client.request(method, TO, "latest")
            client.request("eth_getLogs", {"fromBlock": "0x0"})
            client.request("consensus_commit", "latest")

    readers = [threading.Thread(target=_record(read, failures)) for _ in range(3)]
    server.ask("eth_sendTransaction", {"to": TO})
    for reader in readers:
        reader.start()
    for _ in range(15):
        snapshot = server.ask("evm_snapshot")
        for value in range(3):
            server.ask("eth_sendTransaction", {"to": TO, "value": hex(value)})
        server.ask("evm_revert", snapshot)
    stopped.set()
    for reader in readers:
        reader.join()
    assert failures == []


def _record(run: Callable[[], None], failures: list[object]) -> Callable[[], None]:
    def recorded() -> None:
        try:
            run()
        except Exception as error:
            failures.append(error)

    return recorded


def test_a_model_is_uploaded_as_it_is(server: Any) -> None:
    """With an alias in the query; a refusal says why, as JSON-RPC does."""
    client = Client(f"http://{server.host}")
    added = client.upload("models", read_sample("digits_exact"), {"alias": "digits"})
    assert server.ask("inference_model", "digits")["id"] == added["id"]
    again = client.upload("models", read_sample("digits_exact"), {})
    assert again == {**added, "transactionHash": None}
    with pytest.raises(RemoteError) as refused:
        client.upload("models", b"no model", {})
    assert refused.value.rpc_code == -32000
    with pytest.raises(RemoteError, match="there are alias"):
        client.upload("models", b"", {"colour": "red"})


def test_blocks_come_by_themselves_at_an_interval(server: Any) -> None:
    """Their timestamps are logical; automine ends it, and an interval ends automine."""
    server.ask("evm_setIntervalMining", 0.05)
    sent = server.ask("eth_sendTransaction", {"to": TO})
    assert server.ask("eth_mining") is False
    deadline = time.perf_counter() + 5
    while server.ask("eth_getTransactionReceipt", sent) is None:
        assert time.perf_counter() < deadline
    assert server.ask("anvil_getIntervalMining") == 0.05
    server.ask("evm_setAutomine", True)
    height = server.ask("eth_blockNumber")
    time.sleep(0.2)
    assert server.ask("eth_blockNumber") == height
    assert server.ask("anvil_getIntervalMining") is None
    last, first = (server.ask("eth_getBlockByNumber", n)["timestamp"] for n in (height, "0x0"))
    assert int(last, 16) - int(first, 16) == int(height, 16)


def test_an_interval_goes_on_after_a_halt(server: Any) -> None:
    """Blocks are missed while two of four are down, none is made up for."""
    server.ask("consensus_setBehavior", "v0", "crash")
    server.ask("consensus_setBehavior", "v1", "crash")
    server.ask("anvil_setIntervalMining", 0.05)
    time.sleep(0.3)
    assert server.ask("eth_blockNumber") == "0x0"
    server.ask("consensus_setBehavior", "v0", "honest")
    deadline = time.perf_counter() + 5
    while server.ask("eth_blockNumber") == "0x0":
        assert time.perf_counter() < deadline


def test_metrics_count_what_happened(server: Any) -> None:
    """Chain, requests by method and their errors, and no method that does not exist."""
    server.ask("eth_sendTransaction", {"to": TO})
    with pytest.raises(RemoteError):
        server.ask("evil_method")
    server.ask("eth_newBlockFilter")
    connection = HTTPConnection(server.host, timeout=10)
    connection.request("GET", "/metrics")
    text = connection.getresponse().read().decode()
    connection.close()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert lines["devnet_blocks_total"] == lines["devnet_height"] == "1"
    assert (lines["devnet_gas_total"], lines["devnet_rounds_total"]) == ("21000", "1")
    assert lines['devnet_rpc_calls_total{method="eth_sendTransaction"}'] == "1"
    assert lines['devnet_rpc_errors_total{method="unknown"}'] == "1"
    assert (lines["devnet_filters"], lines["devnet_halted"]) == ("1", "0")
    assert "evil" not in text


def test_a_filter_is_forgotten_after_five_minutes(server: Any) -> None:
    """By the clock that was given."""
    found = server.ask("eth_newBlockFilter")
    server.ahead_s = 299.0
    assert server.ask("eth_getFilterChanges", found) == []
    server.ahead_s = 299.0 + 301.0
    with pytest.raises(RemoteError, match="filter not found"):
        server.ask("eth_getFilterChanges", found)


def test_the_node_is_free_again_when_the_server_stops(launch: Any, tmp_path: Path) -> None:
    """Nobody observes it any more; it goes on in process."""
    node = Node(Config(validators=1))
    server = launch(node, listen=Listen(port=0, ipc=tmp_path / "node.ipc"))
    server.ask("eth_newBlockFilter")
    server.stop()
    assert node.observers == []
    node.mine()
    assert node.head.header.number == 1


def test_nothing_keeps_a_node_that_was_served(launch: Any) -> None:
    """A test suite that serves one after another does not grow."""
    node = Node(Config(validators=1))
    server = launch(node)
    server.ask("eth_blockNumber")
    server.stop()
    served = weakref.ref(node)
    server.node = None
    del node
    gc.collect()
    assert served() is None
