"""The node, the chain and the clients that web3.py's own module tests ask for.

`deviations.toml` says, test by test, where the plain set-up is left. With `--web3-node anvil` the
same tests ask Anvil; with `--web3-plain` nothing is left, and what fails is only counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep
from typing import Any

import pytest
import pytest_asyncio
from eth_account import Account
from web3 import Web3
from web3._utils.module_testing.utils import RequestMocker

from devnet.rpc.client import Client
from tests.conformance.web3.stage import Stage, set_stage
from tests.conformance.web3.transport import open_async_web3, open_web3

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
CHAIN_ID = 131277322940537  # stands in the tests
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # of account 0
SLOW_IPC = pytest.param("ipc", marks=pytest.mark.slow)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A running node."""

    port: int
    ipc: Path

    def ask(self, method: str, *params: object) -> object:
        """The result of one method, by our own client."""
        return Client(f"http://127.0.0.1:{self.port}").request(method, *params)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which node is asked, and how."""
    parser.addoption("--web3-node", choices=["devnet", "anvil"], default="devnet")
    parser.addoption("--web3-plain", action="store_true", help="no deviation; count what fails")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests named in the table: what fails must fail."""
    failing = read_deviations(config)["failing"]
    for item in items:
        if FOLDER in item.path.parents:
            cause = failing.get(item.path.stem, {}).get(read_name(item))
            if cause is not None:
                item.add_marker(pytest.mark.xfail(reason=cause, strict=True))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many of web3.py's tests pass, by file and transport."""
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for outcome in ("passed", "failed", "error", "xfailed", "xpassed"):
        for report in terminalreporter.getreports(outcome):
            for over in (value for key, value in report.user_properties if key == "over"):
                total[over] += 1
                passed[over] += outcome in ("passed", "xpassed")  # strict ones are failed
    if total:
        terminalreporter.section("web3.py's module tests")
        for over in sorted(total):
            terminalreporter.line(f"{over}: {passed[over]} of {total[over]} pass")


def read_deviations(config: pytest.Config) -> dict[str, Any]:
    """The table; nothing is in it where the plain figure is wanted."""
    if config.getoption("web3_plain", False):
        return {"failing": {}, "unmined": {"tests": []}}
    return tomllib.loads((FOLDER / "deviations.toml").read_text())


def read_name(item: pytest.Item) -> str:
    """The test, without its case."""
    return item.name.partition("[")[0]


@pytest.fixture(scope="module", params=["http", "ws", SLOW_IPC])
def transport(request: pytest.FixtureRequest) -> str:
    """What clients speak; a file may leave one out."""
    return str(request.param)


@pytest.fixture(scope="module")
def flags() -> tuple[str, ...]:
    """What else the node is told; a file may say more."""
    return ()


@pytest.fixture(scope="module")
def endpoint(
    transport: str,
    flags: tuple[str, ...],
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Iterator[Endpoint]:
    """A fresh node for each file and transport."""
    folder = tmp_path_factory.mktemp("node")
    anvil = pytestconfig.getoption("web3_node", "devnet") == "anvil"
    program = [install_anvil()] if anvil else [sys.executable, "-m", "devnet", "up", "--json"]
    options = ["--port", "0", "--ipc", str(folder / "ipc"), "--chain-id", str(CHAIN_ID), *flags]
    said = folder / "said"  # no pipe: Anvil goes on talking
    with said.open("wb") as out:
        process = subprocess.Popen([*program, *options], cwd=ROOT, stdout=out)
    try:
        yield Endpoint(wait_for_port(said, process), folder / "ipc")
    finally:
        process.terminate()
        assert process.wait(20) in (0, -15)


def install_anvil() -> str:
    """Its path."""
    command = [sys.executable, str(ROOT / "scripts" / "install_anvil")]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def wait_for_port(said: Path, process: subprocess.Popen[bytes]) -> int:
    """From our object or from Anvil's banner."""
    while process.poll() is None:
        for line in said.read_text().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                return int(json.loads(line)["url"].rpartition(":")[2])
            if line.startswith("Listening on") and line.endswith("\n"):
                return int(line.rpartition(":")[2])
        sleep(0.05)
    raise AssertionError("the node did not start")


@pytest.fixture(scope="module")
def stage(w3: Web3) -> Stage:
    """A set stage on the fresh node."""
    return set_stage(w3)


@pytest.fixture(autouse=True)
def deviation(
    request: pytest.FixtureRequest,
    transport: str,
    endpoint: Endpoint,
    record_property: Any,
    pytestconfig: pytest.Config,
) -> Iterator[None]:
    """Counts the test; where the table says so, what it sends stays in the pool."""
    record_property("over", f"{request.path.stem.removeprefix('test_')} over {transport}")
    if read_name(request.node) not in read_deviations(pytestconfig)["unmined"]["tests"]:
        yield
        return
    endpoint.ask("evm_setAutomine", False)
    yield
    endpoint.ask("evm_mine")
    endpoint.ask("evm_setAutomine", True)


@pytest.fixture(scope="module")
def w3(transport: str, endpoint: Endpoint) -> Iterator[Web3]:
    """A blocking client."""
    with open_web3(transport, endpoint.port, str(endpoint.ipc)) as opened:
        yield opened


@pytest_asyncio.fixture
async def async_w3(transport: str, endpoint: Endpoint) -> AsyncIterator[Any]:
    """An asynchronous client of its own for each test."""
    async with open_async_web3(transport, endpoint.port, str(endpoint.ipc)) as opened:
        yield opened


@pytest.fixture
def request_mocker() -> type[RequestMocker]:
    return RequestMocker


@pytest.fixture
def keyfile_account_pkey() -> str:
    return KEY


@pytest.fixture
def keyfile_account_address() -> str:
    return str(Account.from_key(KEY).address)


@pytest.fixture
def keyfile_account_address_dual_type(keyfile_account_address: str) -> str:
    return keyfile_account_address


@pytest.fixture
def txn_hash_with_log(stage: Stage) -> bytes:
    return stage.with_log


@pytest.fixture
def mined_txn_hash(stage: Stage) -> bytes:
    return stage.transfer


@pytest.fixture
def math_contract_deploy_txn_hash(stage: Stage) -> bytes:
    return stage.math_deployment


@pytest.fixture
def math_contract(w3: Web3, stage: Stage) -> Any:
    return stage.bind(w3, "math")
