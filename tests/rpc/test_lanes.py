"""Which lane each method runs on, and that the lanes keep their promise."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from devnet.config import Config, Host
from devnet.models import Models
from devnet.node import Node
from devnet.rpc.dispatch import Dispatcher
from devnet.rpc.gate import Gate
from devnet.rpc.lane import Lane
from devnet.rpc.methods import build_methods
from devnet.validators.cluster import Cluster
from precompiles.errors import PrecompileError
from precompiles.models.samples import read_digits, read_sample

TO = "0x" + "11" * 20
CHANGES = ("send_raw", "mine", "set_automine", "set_behavior", "set_interval", "snapshot", "revert")


@pytest.fixture
def gate() -> Gate:
    """A node of one validator."""
    return Gate(Node(Config(validators=1)))


def test_whatever_changes_the_node_is_a_write(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """All other methods are called with what they may take: none of them reaches for a change."""
    changed: list[str] = []

    def forbid(name: str) -> Callable[..., None]:
        return lambda *_, **__: changed.append(name)

    for name in (*CHANGES, "increase_time", "set_next_timestamp"):
        monkeypatch.setattr(Node, name, forbid(name))
    for name in ("advance", "rewind", "put_model"):
        monkeypatch.setattr(Cluster, name, forbid(name))
    methods = build_methods(gate.node, gate)
    dispatcher = Dispatcher(methods)
    guesses: list[list[Any]] = [
        [], [True], [1], ["0x1"], ["latest"], [TO], [{}], [{"to": TO, "data": "0x"}],
        [TO, "latest"], ["v0", "crash"], ["0x00", {}], [{"to": TO}, "latest"],
    ]  # fmt: skip
    for name, routed in methods.items():
        if routed.lane is Lane.WRITE:
            continue
        for params in guesses:
            body = {"jsonrpc": "2.0", "id": 1, "method": name, "params": params}
            dispatcher.handle(json.dumps(body).encode())
            assert changed == [], (name, params)


def test_quick_methods_answer_at_once_whatever_the_chain_holds(gate: Gate) -> None:
    """The event loop waits for them: a hundred of each in a tenth of a second of work."""
    methods = build_methods(gate.node, gate)
    dispatcher = Dispatcher(methods)
    dispatcher.call("evm_mine", [{"blocks": 200}])
    quick = [name for name, routed in methods.items() if routed.lane is Lane.QUICK]
    assert {"eth_blockNumber", "eth_chainId", "eth_subscribe"} <= set(quick)
    for name in quick:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": name}).encode()
        began = time.process_time()
        for _ in range(100):
            dispatcher.handle(body)
        assert time.process_time() - began < 0.1, name


def test_a_reader_sees_each_write_once_it_is_answered(gate: Gate) -> None:
    """Also one that no event tells of, and one that fails halfway."""
    dispatcher = Dispatcher(build_methods(gate.node, gate))
    assert dispatcher.call("eth_mining", []) is True
    dispatcher.call("evm_setAutomine", [False])
    assert dispatcher.call("eth_mining", []) is False
    dispatcher.call("evm_mine", [])
    assert dispatcher.call("eth_blockNumber", []) == "0x1"

    def fail(node: Node) -> None:
        node.mine()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        gate.write(fail)
    assert dispatcher.call("eth_blockNumber", []) == "0x2"


@pytest.fixture(params=[False, True], ids=["in process", "isolated"])
def digits(request: pytest.FixtureRequest) -> tuple[Gate, str]:
    """A node with the digit model, and the model's id."""
    node = Node(Config(validators=1), Host(isolate=request.param))
    model_id = Models(node).add(read_sample("digits_exact")).model_id
    return Gate(node), "0x" + model_id.hex()


def test_readers_run_models_beside_blocks_that_run_them(digits: tuple[Gate, str]) -> None:
    """Each gets the answer to its own question, from one engine."""
    gate, model = digits
    dispatcher = Dispatcher(build_methods(gate.node, gate))
    pixels, _ = read_digits()

    def run(digit: int) -> Any:
        tensor = {"dtype": 2, "shape": [1, 64], "data": "0x" + pixels[digit].tobytes().hex()}
        name = dispatcher.call("inference_model", [model])["inputs"][0]["name"]  # type: ignore[call-overload, index]
        return dispatcher.call("inference_run", [model, {name: tensor}])

    expected = [run(digit) for digit in range(8)]
    failures: list[object] = []

    def read(first: int) -> None:
        for turn in range(12):
            digit = (first + turn) % 8
            try:
                if run(digit) != expected[digit]:
                    failures.append(digit)
            except PrecompileError as error:
                failures.append(error)

    threads = [threading.Thread(target=read, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        dispatcher.call("evm_mine", [])
    for thread in threads:
        thread.join()
    assert failures == []
