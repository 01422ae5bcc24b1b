"""kill -9 at any moment: every transaction whose hash was returned is in the chain afterwards."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devnet.errors import RemoteError
from devnet.rpc.client import Client

FRESH = "0x" + "f5" * 20


@contextmanager
def run(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """A node process on a data directory, killed at the end."""
    command = [sys.executable, "-m", "devnet", "up", "--port", "0", "--json"]
    with subprocess.Popen(
        [*command, "--data-dir", str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        try:
            yield process, Client(url)
        finally:
            process.kill()


def send_until_killed(
    process: subprocess.Popen[str], client: Client, after_s: float
) -> dict[str, str | None]:
    """Send while a timer runs; block hash by returned transaction hash, if that was asked in time.

    Some of what is sent waits for a block that is mined by request.
    """
    told: dict[str, str | None] = {}
    timer = threading.Timer(after_s, process.kill)
    timer.start()
    try:
        for number in range(100_000):
            client.request("evm_setAutomine", number % 5 != 3)
            request = {"from": accounts(client)[number % 10], "to": FRESH, "value": "0x1"}
            sent = client.request("eth_sendTransaction", request)
            told[sent] = None
            found = client.request("eth_getTransactionReceipt", sent)
            told[sent] = found and found["blockHash"]
    except RemoteError:
        pass
    finally:
        timer.join()
    return told


def accounts(client: Client) -> list[str]:
    """The unlocked ones."""
    found: list[str] = client.request("eth_accounts")
    return found


def kill_again_and_again(folder: Path, kills: int, seed: int) -> int:
    """Kill at drawn moments; what was told before is there each time. How much that was."""
    dice = random.Random(seed)
    told: dict[str, str | None] = {}
    for _ in range(kills):
        with run(folder) as (process, client):
            check(client, told)
            told |= send_until_killed(process, client, dice.uniform(0.02, 0.8))
    with run(folder) as (_, client):
        check(client, told)
        heights = {v["height"] for v in client.request("consensus_validators")}
        assert heights == {int(client.request("eth_blockNumber"), 16)}
    return len(told)


def check(client: Client, told: dict[str, str | None]) -> None:
    """Each transaction is in the block it was told to be in, or in one, or waits."""
    for sent, block_hash in told.items():
        found = client.request("eth_getTransactionByHash", sent)
        assert found is not None, f"{sent} was lost"
        if block_hash is not None:
            assert found["blockHash"] == block_hash
            receipt = client.request("eth_getTransactionReceipt", sent)
            assert receipt["status"] == "0x1"
            block = client.request("eth_getBlockByNumber", receipt["blockNumber"], False)
            assert block["hash"] == block_hash


def test_three_kills_lose_nothing(tmp_path: Path) -> None:
    """Also when it is killed while it starts to write."""
    assert kill_again_and_again(tmp_path / "data", 3, seed=1) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_twenty_kills_lose_nothing(tmp_path: Path, seed: int) -> None:
    """The same for longer."""
    assert kill_again_and_again(tmp_path / "data", 20, seed) > 20
