"""ethers 6 against a node over HTTP: deploy, send, call, estimate, receipts, events, errors."""

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


def test_ethers_tells_the_story_of_a_digit(npm: Any, served: Any) -> None:
    """A wallet with a key deploys and sends, an unlocked account sends, both are seen."""
    artifact, (pixels, labels) = load("DigitReader"), read_digits()
    story = {
        "abi": artifact.abi,
        "bytecode": "0x" + artifact.bytecode.hex(),
        "model": served.model_id,
        "pixels": "0x" + pixels[6].tobytes().hex(),
    }
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
