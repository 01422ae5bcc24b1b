"""A node in a process of its own: light to start, deep enough for the EVM, clean to stop."""

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods
from devnet.rpc.server import serve
import sys
node = Node(Config(validators=1, block_gas_limit=10**12))
before = set(sys.modules)
handle = Dispatcher(build_methods(node)).handle
heavy = {"web3", "eth_tester", "pytest", "click", "rich", "sklearn"} & set(sys.modules)
serve(handle, "127.0.0.1", 0, lambda port: print(port, *heavy, flush=True))
print("stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_node_process_nests_calls_1024_deep_and_stops_on_a_signal(number: signal.Signals) -> None:
    """Nothing heavy is imported; a contract calls itself to the EVM's limit; exit is clean."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        port, *heavy = process.stdout.readline().split()
        assert heavy == []

        def ask(method: str, *params: object) -> object:
            connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
            body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            connection.request("POST", "/", json.dumps(body))
            found = json.loads(connection.getresponse().read())
            connection.close()
            return found["result"]

        # mstore(0, call(gas, this) + 1 + what it returned): how many frames there were
        runtime = "60205f5f5f5f305af1505f5160010160005260205ff3"
        creation = f"0x60{len(runtime) // 2:02x}8060095f395ff3{runtime}"  # deploys it
        sent = ask("eth_sendTransaction", {"data": creation, "gas": hex(200_000)})
        receipt = ask("eth_getTransactionReceipt", sent)
        assert isinstance(receipt, dict)
        call = {"to": receipt["contractAddress"], "gas": hex(10**12)}
        assert int(str(ask("eth_call", call)), 16) == 1025
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (out, err, process.returncode) == ("stopped\n", "", 0)
