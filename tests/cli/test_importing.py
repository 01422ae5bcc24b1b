"""`devnet import`, and `devnet up` on what it left: the chain of the execution-apis suite."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devnet.chain.chain_file import dump_chain, load_chain
from devnet.rpc.client import Client

if TYPE_CHECKING:
    from tests.cli.conftest import Finished

SUITE = Path(__file__).resolve().parents[3] / "shared" / "rpc-compat"
CHAIN, GENESIS = str(SUITE / "chain.rlp"), str(SUITE / "genesis.json")
HEAD = "0xd226371d0b1551adb03fb52b71f08e3e11247fe9b1af994768af8cdaa8e7dcd7"


@pytest.fixture(autouse=True)
def _needs_the_suite() -> None:
    """Without its files a failure in CI."""
    if not SUITE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SUITE} is missing: the test of imports needs it")
        pytest.skip(f"{SUITE} is missing: IMPORTS ARE NOT TESTED")


def run(*arguments: str) -> Finished:
    """`devnet` as a user runs it."""
    from tests.cli.conftest import Finished

    command = [sys.executable, "-m", "devnet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return Finished(done.returncode, done.stdout, done.stderr)


@contextmanager
def up(*arguments: str) -> Iterator[tuple[dict[str, object], Client]]:
    """A running node: what it announced, and a client."""
    command = [sys.executable, "-m", "devnet", "up", "--port", "0", "--json", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        announced = json.loads(process.stdout.readline())
        yield announced, Client(announced["url"])
        process.terminate()
        assert process.wait(20) == 0


def test_the_suite_is_imported_and_gone_on_with(tmp_path: Path) -> None:
    """Its head is the suite's; blank seals are spoken of; a second import has nothing to do."""
    folder = str(tmp_path / "data")
    asked = json.loads((SUITE / "headfcu.json").read_text())
    assert asked["params"][0]["headBlockHash"] == HEAD
    done = run("import", CHAIN, "--genesis", GENESIS, "--data-dir", folder)
    assert (done.code, done.out) == (0, f"imported 54 blocks; head is block 54, {HEAD}\n")
    assert done.err.startswith("53 mined headers have a blank seal and were taken without")
    done = run("import", CHAIN, "--data-dir", folder, "--json")
    assert json.loads(done.out) == {"imported": 0, "head": 54, "hash": HEAD, "blankSeals": 0}
    with up("--data-dir", folder) as (announced, client):
        assert (announced["blockNumber"], announced["dataDir"]) == (54, folder)
        assert client.request("eth_getBlockByNumber", "latest", False)["hash"] == HEAD
        client.request("evm_mine")
        assert len(client.request("consensus_commit", "latest")["votes"]) == 4
        mined = client.request("eth_getBlockByNumber", "latest", False)["hash"]
    with up("--data-dir", folder) as (announced, client):
        assert announced["blockNumber"] == 55
        assert client.request("eth_getBlockByNumber", "latest", False)["hash"] == mined
    done = run("import", CHAIN, "--data-dir", folder)
    assert (done.code, done.out) == (0, f"imported 0 blocks; head is block 55, {mined}\n")


def test_a_bad_block_ends_the_import_and_those_before_it_stay(tmp_path: Path) -> None:
    """Number and rule are named; the rest follows from a good file; strict seals stop at once."""
    folder, bad = str(tmp_path / "data"), tmp_path / "bad.rlp"
    blocks = list(load_chain(SUITE / "chain.rlp"))
    dump_chain(bad, [*blocks[:20], blocks[21]])
    begin = ("--genesis", GENESIS, "--data-dir", folder)
    done = run("import", CHAIN, *begin, "--strict-seals")
    assert done.code == 1
    assert "error: block 1: mix hash and nonce are zero" in done.err
    done = run("import", str(bad), *begin)
    assert done.code == 1
    assert "error: block 22: number: parent is 20" in done.err
    assert done.out.startswith("imported 20 blocks; head is block 20, 0x")
    packed = tmp_path / "cut.rlp"
    packed.write_bytes((SUITE / "chain.rlp").read_bytes()[:-10])
    done = run("import", str(packed), "--data-dir", folder)
    assert done.code == 1
    assert "error: the block at byte " in done.err
    assert done.out.startswith("imported 33 blocks; head is block 53, 0x")
    done = run("import", CHAIN, "--data-dir", folder)
    assert done.out == f"imported 1 blocks; head is block 54, {HEAD}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("import", CHAIN, "--data-dir", "new"),
            "has no genesis yet; name its file with --genesis",
        ),
        (("import", "none.rlp", "--genesis", GENESIS, "--data-dir", "new"), "cannot read chain"),
        (("import", CHAIN, "--genesis", "none", "--data-dir", "new"), "cannot read genesis none"),
        (("import", CHAIN, "--data-dir", "own"), "holds a chain of its own"),
        (("import", CHAIN, "--genesis", GENESIS, "--data-dir", "own"), "another genesis"),
        (("up", "--genesis", GENESIS, "--data-dir", "own"), "another genesis"),
        (("up", "--data-dir", "own", "--seed", "2"), "holds a chain with seed 0, not 2"),
        (("up", "--data-dir", "own", "--validators", "2"), "with validators 1, not 2"),
        (("up", "--genesis", GENESIS, "--chain-id", "7"), "--chain-id 7: the genesis says 350399"),
        (("up", "--genesis", GENESIS, "--hardfork", "cancun"), "--hardfork has no effect"),
        (("up", "--genesis", GENESIS, "--no-transaction-gas-cap"), "cap has no effect"),
        (("up", "--hardfork", "osaca"), "no hardfork 'osaca'; did you mean osaka?"),
        (("up", "--no-mining", "--block-time", "1"), "exclude each other"),
    ],
)
def test_what_does_not_fit_is_one_line_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    """A directory `own` has a chain of its own, with one validator."""
    monkeypatch.chdir(tmp_path)
    if "own" in arguments:
        with up("--data-dir", "own", "--validators", "1"):
            pass
    done = run(*arguments)
    assert done.code == 2
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert "Traceback" not in done.err


def test_without_mining_transactions_wait_until_a_block_is_asked_for(tmp_path: Path) -> None:
    """Over a restart too; the fork is the one that was named."""
    folder = str(tmp_path / "data")
    with up("--data-dir", folder, "--no-mining", "--hardfork", "cancun") as (_, client):
        sender = client.request("eth_accounts")[0]
        sent = client.request("eth_sendTransaction", {"from": sender, "to": sender})
        assert client.request("eth_getTransactionReceipt", sent) is None
    with up("--data-dir", folder) as (_, client):
        assert client.request("eth_blockNumber") == "0x0"
        client.request("evm_mine")
        assert client.request("eth_getTransactionReceipt", sent)["blockNumber"] == "0x1"
        assert "requestsHash" not in client.request("eth_getBlockByNumber", "0x1", False)
