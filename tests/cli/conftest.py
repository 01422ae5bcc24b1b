"""A real `devnet up` process for the tests of the command line."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Finished:
    """What a command left behind."""

    code: int
    out: str
    err: str


Command = Callable[..., Finished]


def find_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def run(*arguments: str) -> Finished:
    """Run `devnet` with arguments as a user would."""
    command = [sys.executable, "-m", "devnet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    """URL of a node that runs for the whole session."""
    command = [sys.executable, "-m", "devnet", "up", "--port", str(find_port()), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield str(json.loads(process.stdout.readline())["url"])
        process.terminate()
        assert process.wait(20) == 0


@pytest.fixture
def devnet(url: str, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`devnet ...` against the running node."""
    monkeypatch.setenv("ETH_RPC_URL", url)
    return run
