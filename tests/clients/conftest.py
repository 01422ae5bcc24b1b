"""A node in a process of its own, and clients from npm to drive it.

Without Node.js the clients are skipped and the summary says so; where CI is set they fail.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devnet.rpc.client import Client
from precompiles.models.samples import read_sample

ROOT = Path(__file__).parents[2]
MISSING = pytest.StashKey[str]()
PROGRAM = """
from devnet.config import Config
from devnet.node import Node
from devnet.rpc.serving import serve
from devnet.rpc.transport.server import Listen
from pathlib import Path
import sys
listen = Listen(port=0, ipc=Path(sys.argv[1]))
serve(Node(Config()), listen, lambda port: print(port, flush=True))
"""


@dataclass(frozen=True)
class Served:
    """A running node that knows the digit model."""

    url: str
    ipc: Path
    model_id: str
    accounts: list[str]

    def ask(self, method: str, *params: object) -> Any:
        """The result of one method, by our own client."""
        return Client(self.url).request(method, *params)


@dataclass(frozen=True)
class Npm:
    """Programs of the pinned clients."""

    home: Path

    def cast(self, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run cast against a node."""
        packages = self.home / "node_modules" / "@foundry-rs"  # npm's own wrapper always exits 0
        (program,) = packages.glob("cast-*/bin/cast*")
        return _run(str(program), *arguments, cwd=self.home, ETH_RPC_URL=url)

    def node(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a script that imports the clients."""
        return _run("node", str(script), *arguments, cwd=self.home)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A fresh node for each file."""
    ipc = tmp_path_factory.mktemp("node") / "node.ipc"
    command = [sys.executable, "-c", PROGRAM, str(ipc)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{process.stdout.readline().strip()}"
        client = Client(url)
        model = "0x" + read_sample("digits_exact").hex()
        model_id = client.request("inference_addModel", model, {"alias": "digits"})["id"]
        yield Served(url, ipc, model_id, client.request("eth_accounts"))
        process.terminate()
        assert process.wait(20) == 0


@pytest.fixture(scope="session")
def npm(pytestconfig: pytest.Config) -> Npm:
    """The clients, installed at first use."""
    command = [sys.executable, str(ROOT / "scripts" / "install_clients")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 0:
        return Npm(Path(done.stdout.strip()))
    reason = f"clients from npm are not tested: {done.stderr.strip().splitlines()[-1]}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytestconfig.stash[MISSING] = reason
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was skipped."""
    reason = terminalreporter.config.stash.get(MISSING, "")
    if reason:
        terminalreporter.section("clients", yellow=True)
        terminalreporter.line(reason)


def _run(*command: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    assert shutil.which(command[0]), command[0]
    return subprocess.run(
        command,
        cwd=cwd,
        env={**environment, "NO_COLOR": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
