"""ethers 6 against a node: deploy, send, call, estimate, events, errors; news by socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts import load
from precompiles.models.samples import read_digits

pytestmark = pytest.mark.clients
KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"  # of account 1
SCRIPT = Path(__file__).parent / "drive_ethers.mjs"
SOCKET_SCRIPT = Path(__file__).parent / "drive_ethers_socket.mjs"


@pytest.fixture
def story(served: Any) -> dict[str, Any]:
    """A contract that reads digits, and a digit."""
    artifact = load("DigitReader")
    return {
        "abi": artifact.abi,
        "bytecode": "0x" + artifact.bytecode.hex(),
        "model": served.model_id,
        "pixels": "0x" + read_digits()[0][6].tobytes().hex(),
    }


def test_ethers_tells_the_story_of_a_digit(npm: Any, served: Any, story: Any) -> None:
    """A wallet with a key deploys and sends, an unlocked account sends, both are seen."""
    labels = read_digits()[1]
    done = npm.node(SCRIPT, served.url, KEY, json.dumps(story))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "chainId": "31337",
        "code": True,
        "estimateIsExact": True,
        "status": 1,
        "digit": str(labels[6]),
        "reading": "1",
        "lastDigit": str(labels[6]),
        "secondFrom": served.accounts[2],
        "events": 2,
        "inLatestBlock": True,
        "nonce": 2,
        "reverted": {"code": "CALL_EXCEPTION", "name": "WrongPixelCount", "args": ["1"]},
        "unknown": "UnknownModel: no model 'nothing' on this chain; add it with "
        "'devnet model add FILE' or use one of: digits",
    }


def test_ethers_hears_of_blocks_transactions_and_events(npm: Any, served: Any, story: Any) -> None:
    """Over WebSocket: each once, in order, with the digit that was read."""
    done = npm.node(SOCKET_SCRIPT, served.url, KEY, json.dumps(story))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "blocksFollow": True,
        "allPending": True,
        "allLogs": True,
        "digits": [int(read_digits()[1][6])] * 3,
    }
