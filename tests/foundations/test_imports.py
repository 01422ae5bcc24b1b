"""Rooms take only what they need: what is light stays light."""

import subprocess
import sys

import pytest

HEAVY = ("eth", "onnxruntime", "onnx", "numpy", "web3", "aiohttp", "eth_tester", "click", "pytest")
LIGHT = {
    "devnet": HEAVY,
    "devnet.errors": HEAVY,
    "devnet.merkle": HEAVY,
    "devnet.receipt": HEAVY,
    "devnet.streams": HEAVY,
    "devnet.consensus.participation.participant": HEAVY,
    "devnet.config": ("eth", "onnxruntime", "web3", "aiohttp", "click"),
    "devnet.chain.header": ("eth", "onnxruntime", "web3", "aiohttp", "click"),
    "devnet.verification.verifier": ("eth", "web3", "aiohttp", "click"),
    "devnet.verification.bundle": ("eth", "onnxruntime", "web3", "aiohttp", "click"),
    "devnet.node": ("web3", "aiohttp", "click", "eth_tester", "pytest"),
}


@pytest.mark.parametrize("module", LIGHT)
def test_import_takes_no_heavy_package(module: str) -> None:
    """In a fresh interpreter, with warnings as errors."""
    program = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert set(LIGHT[module]) & set(done.stdout.split()) == set()
