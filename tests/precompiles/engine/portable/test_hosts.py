"""Other hosts: the same digests under other BLAS kernels, and a float32 product is noticed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from precompiles.models.samples import read_digits, read_sample

ROOT = Path(__file__).resolve().parents[4]
SCRIPT = ROOT / "scripts" / "hosts" / "portable.py"
KERNELS = ("Nehalem", "Haswell", "Zen")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The transformer and ten digits."""
    (tmp_path / "model.onnx").write_bytes(read_sample("digits_transformer_float"))
    rows = (row[None].astype(np.float32) for row in read_digits()[0][:10])
    np.savez(tmp_path / "model.npz", *rows)
    return tmp_path


def compute(folder: Path, kernel: str, threads: int, *options: str) -> dict[str, str]:
    """Digests in a process of its own."""
    environment = {
        **os.environ,
        "OPENBLAS_CORETYPE": kernel,
        "OPENBLAS_NUM_THREADS": str(threads),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, str(SCRIPT), str(folder), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_kernels_and_threads_change_no_bit(folder: Path) -> None:
    """A model, every function and products that cancel; three kernels, one and two threads."""
    first = compute(folder, KERNELS[0], 1)
    assert set(first) == {"model", "functions", "products"}
    for kernel, threads in ((KERNELS[0], 2), (KERNELS[1], 1), (KERNELS[2], 2)):
        assert compute(folder, kernel, threads) == first, f"{kernel}, {threads} threads"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the kernels are those of x86")
def test_a_float32_product_in_place_of_ours_is_noticed(folder: Path) -> None:
    """So the comparison can fail: kernels of different vector width give different answers."""
    found = [compute(folder, kernel, 1, "--spoil") for kernel in KERNELS]
    assert any(answer != found[0] for answer in found)
