"""A node in a process of its own: light to start, deep enough for the EVM, clean to stop."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devnet.rpc.client import Client

ROOT = Path(__file__).parents[2]
PROGRAM = """
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.serving import serve
from devnet.rpc.transport.server import Listen
import sys
node = Node(Config(validators=1, block_gas_limit=10**12, caps_transaction_gas=False))
heavy = {"web3", "eth_tester", "pytest", "click", "rich", "sklearn"} & set(sys.modules)
serve(node, Listen(port=0), lambda port: print(port, *heavy, flush=True))
print("stopped")
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """The program; ended whatever the test finds."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_process_nests_calls_1024_deep_and_stops_on_a_signal(
    process: subprocess.Popen[str], number: signal.Signals
) -> None:
    """Nothing heavy is imported; a contract calls itself to the EVM's limit; exit is clean."""
    assert process.stdout is not None
    port, *heavy = process.stdout.readline().split()
    assert heavy == []
    client = Client(f"http://127.0.0.1:{port}")
    # mstore(0, call(gas, this) + 1 + what it returned): how many frames there were; log it
    runtime = "60205f5f5f5f305af1505f5160010160005260205fa060205ff3"
    creation = f"0x60{len(runtime) // 2:02x}8060095f395ff3{runtime}"  # deploys it
    sent = client.request("eth_sendTransaction", {"data": creation, "gas": hex(200_000)})
    address = client.request("eth_getTransactionReceipt", sent)["contractAddress"]
    deep = client.request("eth_sendTransaction", {"to": address, "gas": hex(10**12)})
    logs = client.request("eth_getTransactionReceipt", deep)["logs"]
    assert [int(log["data"], 16) for log in logs] == list(range(1, 1026))
    assert int(client.request("eth_call", {"to": address, "gas": hex(10**12)}), 16) > 400
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("stopped\n", "", 0)
