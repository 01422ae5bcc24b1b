"""Someone who asks a node in JSON text, as any client does, and a contract to ask it about."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_abi.abi import encode

from contracts import load
from devnet.clock import read_clock
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.client import Client
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.methods import build_methods
from devnet.rpc.serving import serve_node
from devnet.rpc.transport.server import Listen
from devnet.validators.misbehaviour import HONEST
from precompiles.digest import compute_keccak
from precompiles.models.samples import read_digits, read_sample


class Rpc:
    """One node behind its JSON text."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.handle = Dispatcher(build_methods(node)).handle

    def answer(self, method: str, *params: Any) -> dict[str, Any]:
        """The whole answer."""
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        raw = self.handle(json.dumps(body).encode())
        assert raw is not None
        answer: dict[str, Any] = json.loads(raw)
        assert (answer["jsonrpc"], answer["id"]) == ("2.0", 7)
        return answer

    def __call__(self, method: str, *params: Any) -> Any:
        """The result."""
        answer = self.answer(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def fail(self, method: str, *params: Any) -> tuple[int, str]:
        """Code and message of the error."""
        error = self.answer(method, *params)["error"]
        return error["code"], error["message"]

    @property
    def accounts(self) -> list[str]:
        """Unlocked accounts."""
        found: list[str] = self("eth_accounts")
        return found

    def send(self, **fields: Any) -> dict[str, Any]:
        """Send from the first account; the receipt."""
        sent = self("eth_sendTransaction", {"from": self.accounts[0], **fields})
        receipt: dict[str, Any] = self("eth_getTransactionReceipt", sent)
        return receipt

    def deploy(self, creation: bytes) -> str:
        """Address of a new contract."""
        address: str = self.send(data="0x" + creation.hex())["contractAddress"]
        return address

    def deploy_reader(self) -> str:
        """Address of a DigitReader on the digit model, which is added if need be."""
        model = self("inference_addModel", "0x" + read_sample("digits_exact").hex())["id"]
        return self.deploy(load("DigitReader").bytecode + bytes.fromhex(model[2:]))


class Server:
    """One node behind HTTP, WebSocket and IPC, in threads of this process."""

    def __init__(self, node: Node, listen: Listen) -> None:
        self.node = node
        self.host = ""  # address and port
        self.ahead_s = 0.0  # by which the server's clock is ahead of the machine's
        self._stop = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listen,))
        self._thread.start()
        assert self._opened.wait(10)

    def _run(self, listen: Listen) -> None:
        def open_(port: int) -> None:
            self.host = f"127.0.0.1:{port}"
            self._opened.set()

        def read() -> float:
            return read_clock() + self.ahead_s

        self._loop.run_until_complete(serve_node(self.node, listen, open_, self._stop, read))
        self._loop.close()

    def ask(self, method: str, *params: object) -> Any:
        """The result of one method, over HTTP."""
        return Client(f"http://{self.host}").request(method, *params)

    def stop(self) -> None:
        """Stop and wait."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()


def encode_call(signature: str, *arguments: Any) -> str:
    """Call data in hex."""
    _, _, types = signature[:-1].partition("(")
    body = encode(types.split(",") if types else [], arguments)
    return "0x" + (compute_keccak(signature.encode())[:4] + body).hex()


def encode_read(digit: int) -> str:
    """Call data of `read` with a held-out digit."""
    return encode_call("read(bytes)", read_digits()[0][digit].tobytes())


@pytest.fixture(scope="session")
def call_data() -> Callable[..., str]:
    """`encode_call`."""
    return encode_call


@pytest.fixture(scope="session")
def read_data() -> Callable[[int], str]:
    """`encode_read`."""
    return encode_read


@pytest.fixture(scope="module")
def _node() -> Node:
    return Node(Config(validators=4))


@pytest.fixture
def rpc(_node: Node) -> Iterator[Rpc]:
    """A fresh chain; one network serves a whole file."""
    before = _node.snapshot()
    yield Rpc(_node)
    for validator in _node.cluster.validators:
        _node.cluster.set_behavior(validator.name, HONEST)
    _node.cluster.record.disagreements.clear()
    _node.revert(before)
    _node.automine = True


@pytest.fixture
def launch() -> Iterator[Callable[..., Server]]:
    """`Server`; what a test starts is stopped after it."""
    started: list[Server] = []

    def start(node: Node, listen: Listen | None = None) -> Server:
        started.append(Server(node, listen or Listen(port=0)))
        return started[-1]

    yield start
    for server in started:
        server.stop()
