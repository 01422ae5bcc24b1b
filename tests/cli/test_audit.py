"""`devnet audit` as a user runs it: a running node, a data directory, ranges, exit codes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from devnet.cli.main import main
from devnet.config import Config, Host
from devnet.node import Node
from devnet.processes.founding import found
from devnet.rpc.client import Client
from devnet.validators.misbehaviour import parse_behavior
from tests.cli.conftest import Finished, find_port
from tests.conftest import INFERENCE, Driver, encode_infer

Command = Callable[..., Finished]
GAS = 2_000_000
CALLS = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three calls on disk; the majority lies in the last one, block 4."""
    folder = tmp_path_factory.mktemp("audited") / "chain"
    node = Node(Config(validators=2, powers=(7, 1)), Host(data_dir=folder))
    driver = Driver(node=node)
    model = driver.add_digits()
    for digit in range(CALLS):
        if digit == 2:
            node.set_behavior("v0", parse_behavior("wrong-model"))
        driver.infer(model, digit, gas=GAS)
    node.close()
    return folder


def run_here(*arguments: object) -> Finished:
    """`devnet audit` in this process, with one worker: itself."""
    result = CliRunner().invoke(main, ["audit", "--jobs", "1", *map(str, arguments)])
    return Finished(result.exit_code, result.stdout, result.stderr)


def audit(*arguments: object) -> tuple[int, Any]:
    """Exit code and JSON."""
    done = run_here(*arguments, "--json")
    assert done.out, done.err
    assert done.err == ""
    return done.code, json.loads(done.out)


def test_running_node_is_audited(devnet: Command, url: str) -> None:
    """Its calls are confirmed: exit 0, and a table."""
    client = Client(url)
    model = devnet("model", "add", "digits_exact").out.strip()
    fields = {
        "from": client.request("eth_accounts")[0],
        "to": "0x" + INFERENCE.hex(),
        "data": "0x" + encode_infer(bytes.fromhex(model[2:])).hex(),
    }
    sent = client.request("eth_sendTransaction", fields)
    block = int(client.request("eth_getTransactionReceipt", sent)["blockNumber"], 16)
    code, told = audit("--from", block, "--to", "latest", "--url", url)
    assert (code, told["outcome"]) == (0, "confirmed")
    assert told["findings"][0]["transactionHash"] == sent
    genesis = client.request("eth_getBlockByNumber", "0x0", False)["extraData"]
    shown = devnet("audit", "--url", url, "--trust", genesis)
    assert shown.code == 0, shown.err
    assert shown.err == ""
    assert shown.out.splitlines()[-1].endswith(": confirmed")
    assert run_here("--url", url, "--trust", "0x" + "11" * 32).code == 1
    client.request("evm_mine")
    unpinned = devnet("audit", "--url", url, "--from", str(block)).out.splitlines()
    assert unpinned[-3:-1] == [
        f"on the node's word: that block {block + 1} had no call to a model",
        "on the node's word: its first validator set; --trust HASH pins it",
    ]
    assert not any(line.startswith("on the node's word") for line in shown.out.splitlines())


def test_liar_of_a_directory_is_found(folder: Path) -> None:
    """Exit 1 where a lie is in the range, 0 where none is; the line says where."""
    code, told = audit("--data-dir", folder)
    assert (code, told["outcome"]) == (1, "refuted")
    assert told["counts"] == {"confirmed": 2, "refuted": 1, "cannot tell": 0}
    assert (told["from"], told["to"]) == (0, 4)
    lie = told["findings"][-1]
    assert (lie["result"], lie["block"], lie["callIndex"]) == ("refuted", 4, 0)
    assert lie["reason"].startswith("output 'scores' element [0, ")
    assert audit("--data-dir", folder, "--to", 3)[0] == 0
    assert audit("--data-dir", folder, "--from", "0x4")[1]["counts"]["refuted"] == 1
    text = run_here("--data-dir", folder)
    assert text.out.startswith("refuted      block 4, inference 0 of 0x")
    assert text.out.splitlines()[-1] == "blocks 0 to 4: refuted"


def test_progress_is_for_terminals(folder: Path) -> None:
    """On stderr alone; the result is what it is without one, and with --json there is none."""
    arguments = ["audit", "--data-dir", str(folder), "--jobs", "1"]
    plain = run_here(*arguments[1:3])
    for options, shown in (((), b"blocks"), (("--json",), b"")):
        terminal, other_end = os.openpty()
        command = [sys.executable, "-m", "devnet", *arguments, *options]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=other_end, text=True)
        os.close(other_end)
        drawn = b""
        with suppress(OSError):  # how a terminal ends that nobody writes to any more
            while part := os.read(terminal, 4096):
                drawn += part
        os.close(terminal)
        assert done.returncode == 1
        assert shown in drawn
        assert bool(drawn) is bool(shown)
        assert options or done.stdout == plain.out


def test_range_without_calls_says_so(folder: Path) -> None:
    """Nothing is refuted and nothing is in doubt."""
    code, told = audit("--data-dir", folder, "--from", "earliest", "--to", 1)
    assert (code, told["findings"]) == (0, [])
    shown = run_here("--data-dir", folder, "--to", 1)
    assert shown.out.splitlines()[-1] == "blocks 0 to 1: no inferences"


def test_lost_model_cannot_be_told(folder: Path) -> None:
    """Exit 2, with what to do."""
    kept = {path: path.read_bytes() for path in folder.glob("v*/models/*")}
    assert len(kept) == 2
    for path in kept:
        path.unlink()
    code, told = audit("--data-dir", folder)
    for path, model in kept.items():
        path.write_bytes(model)
    assert (code, told["outcome"]) == (2, "cannot tell")
    assert "add it with 'devnet model add FILE'" in told["findings"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "3", "--to", "2"), "the first block, 3, is after the last, 2"),
        (("--to", "5"), "block 5 is beyond the head, block 4"),
        (("--from", "-1"), "block -1: the first block is 0"),
        (("--from", "pending"), "--from 'pending' is no block"),
        (("--to", "0xzz"), "--to '0xzz' is no block"),
        (("--jobs", "0"), "Invalid value for '--jobs'"),
        (("--trust", "0x12"), "is not a 32-byte hash"),
        (("--agreement", "tolerant"), "no rule 'tolerant'"),
        (("--trust", "0x" + "11" * 32), "--trust is for a node"),
    ],
)
def test_range_that_is_none_is_refused(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Exit 2 and one line, before anything is run."""
    done = run_here("--data-dir", folder, *arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert "Traceback" not in done.err


def test_directory_in_use_or_without_a_chain_is_refused(folder: Path, tmp_path: Path) -> None:
    """The process that has it is named; nothing is made where nothing is."""
    node = Node(None, Host(data_dir=folder))
    refused = run_here("--data-dir", folder)
    node.close()
    assert refused.code == 2
    assert f"is in use by process {os.getpid()}" in refused.err
    missing = tmp_path / "missing"
    assert "holds no chain" in run_here("--data-dir", missing).err
    assert not missing.exists()


def test_nobody_at_the_url_is_said() -> None:
    """Exit 2, for nothing is refuted, and one line."""
    done = run_here("--url", f"http://127.0.0.1:{find_port()}")
    assert (done.code, done.out) == (2, "")
    assert "no node answers" in done.err


@pytest.mark.slow
def test_folders_of_processes_are_read(devnet: Command, tmp_path: Path) -> None:
    """The node's is taken where the whole network's is named; each has a chain of its own."""
    found(tmp_path, Config(validators=1))
    command = [sys.executable, "-m", "devnet", "up", "--processes", "--json"]
    options = ["--port", str(find_port()), "--data-dir", str(tmp_path)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        model = devnet("model", "add", "digits_exact", "--rpc-url", url).out.strip()
        client = Client(url)
        fields = {
            "from": client.request("eth_accounts")[0],
            "to": "0x" + INFERENCE.hex(),
            "data": "0x" + encode_infer(bytes.fromhex(model[2:])).hex(),
        }
        client.request("eth_sendTransaction", fields)
        assert audit("--url", url)[1]["counts"]["confirmed"] == 1
        process.terminate()
    for folder in (tmp_path, tmp_path / "node", tmp_path / "v0"):
        code, told = audit("--data-dir", folder)
        assert (code, told["counts"]["confirmed"]) == (0, 1)
