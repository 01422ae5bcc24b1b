"""A network of processes on this machine, and four processes' worth of it in one thread."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from contracts import load
from devnet.clock import read_clock
from devnet.rpc.client import Client
from precompiles.models.samples import read_sample

PATIENCE_S = 90.0


class Town:
    """`devnet up --processes` on a folder, and whoever was started beside it."""

    def __init__(self, folder: Path, stack: ExitStack, *options: str) -> None:
        self.folder, self._stack = folder, stack
        self._started: list[subprocess.Popen[str]] = []
        command = ["up", "--processes", "--port", "0", "--data-dir", str(folder)]
        self.node = self.start(*command, *options)
        self.told: dict[str, Any] = self.read(self.node)
        self.client = Client(self.told["url"])
        self.ask = self.client.request

    def start(self, *command: str) -> subprocess.Popen[str]:
        """A devnet command that goes on until it is stopped."""
        process = subprocess.Popen(
            [sys.executable, "-m", "devnet", *command, "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.callback(self.stop, process)
        self._started.append(process)
        return process

    def read(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """What a process says when it is ready."""
        assert process.stdout is not None
        said: dict[str, Any] = json.loads(process.stdout.readline())
        return said

    def stop(self, process: subprocess.Popen[str]) -> None:
        """End it as a user does."""
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()

    def stop_all(self) -> None:
        """End node and validators."""
        for process in self._started:
            self.stop(process)

    def restart(self, name: str) -> dict[str, Any]:
        """Start a validator that was killed."""
        return self.read(self.start("validator", "--data-dir", str(self.folder / name)))

    @property
    def peers(self) -> dict[str, dict[str, Any]]:
        """What the node says of each process, by name."""
        return {peer["name"]: peer for peer in self.ask("consensus_status")["peers"]}

    def kill(self, *names: str) -> None:
        """kill -9."""
        peers = self.peers
        for name in names:
            os.kill(peers[name]["pid"], signal.SIGKILL)

    def wait(self, holds: Callable[[], bool]) -> None:
        """Until something holds."""
        end = read_clock() + PATIENCE_S
        while not holds():
            assert read_clock() < end, self.ask("consensus_status")

    def wait_until_equal(self, *newcomers: str) -> None:
        """Until all processes, newcomers too, are connected and at the node's head."""

        def is_equal() -> bool:
            head, peers = int(self.ask("eth_blockNumber"), 16), self.peers
            known = all(name in peers for name in newcomers)
            return known and all(p["connected"] and p["height"] == head for p in peers.values())

        self.wait(is_equal)

    def send(self, **fields: Any) -> dict[str, Any]:
        """Send from the first account; the receipt."""
        accounts = self.ask("eth_accounts")
        sent = self.ask("eth_sendTransaction", {"from": accounts[0], "to": accounts[1], **fields})
        receipt: dict[str, Any] = self.ask("eth_getTransactionReceipt", sent)
        return receipt

    def deploy_reader(self) -> str:
        """Address of a DigitReader on the digit model."""
        model = self.ask("inference_addModel", "0x" + read_sample("digits_exact").hex())["id"]
        creation = load("DigitReader").bytecode + bytes.fromhex(model[2:])
        address: str = self.send(to=None, data="0x" + creation.hex())["contractAddress"]
        return address


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Four validators and a node, all processes."""
    with ExitStack() as stack:
        yield Town(tmp_path / "town", stack)
