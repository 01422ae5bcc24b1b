"""A whole node behind its server: writes among reads, uploads, time."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from devnet.config import Config
from devnet.errors import RemoteError
from devnet.node import Node
from devnet.rpc.client import Client
from devnet.rpc.transport.server import Listen
from precompiles.models.samples import read_sample

TO = "0x" + "11" * 20


@pytest.fixture
def server(launch: Callable[..., Any]) -> Any:
    """A node of four."""
    return launch(Node(Config()))


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


def test_no_block_comes_by_itself_once_the_server_is_told_to_stop(launch: Any) -> None:
    """Not even while an answer that was begun is waited for."""
    node = Node(Config(validators=1))
    server, refusals = launch(node), list[object]()
    endless = {"data": "0x5b600056", "gas": hex(10_000_000)}
    asker = threading.Thread(target=_record(lambda: server.ask("eth_call", endless), refusals))
    server.ask("evm_setIntervalMining", 0.02)
    asker.start()
    time.sleep(0.3)
    height = node.head.header.number
    server.stop()
    asker.join()
    assert node.head.header.number <= height + 5


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
