"""Bundles are checked in another process, without the EVM, and on another processor."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bundles.runs import claim_pinned, run_exact, run_portable

from devnet.models import Models
from devnet.proofs import build_proof
from devnet.verification.bundle import dump_bundle
from precompiles.inference import INFER
from precompiles.tensor import encode_tensors
from tests.conftest import INFERENCE, Driver

RUNS = {"exact": run_exact(), "portable": run_portable(), "pinned": claim_pinned()}
# Runs `devnet verify` for each file, in a process that knows neither the EVM nor a node.
PROGRAM = """
import json, sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("eth", "eth_tester", "web3", "trie") or name in (
            "devnet.node", "devnet.validators", "devnet.rpc", "devnet.processes"
        ):
            raise ImportError(f"{name} is not here")
sys.meta_path.insert(0, Wall())
from click.testing import CliRunner
from devnet.cli.main import main
results = {}
for file in sys.argv[1:]:
    model = file.removesuffix(".json") + ".onnx"
    done = CliRunner().invoke(main, ["verify", file, "--model", model, "--json"])
    results[file] = [done.exit_code, json.loads(done.stdout)]
print(json.dumps(results))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundles that a node has written, one for each profile, and the models."""
    path = tmp_path_factory.mktemp("bundles")
    driver = Driver()
    for name, run in RUNS.items():
        model_id = Models(driver.node).add(run.model).model_id
        data = INFER + model_id + (64).to_bytes(32, "big") + encode_tensors(run.inputs)[32:]
        bundle = build_proof(driver.node, driver.send(INFERENCE, data).transaction.hash)
        (path / f"{name}.json").write_text(json.dumps(dump_bundle(bundle)))
        (path / f"{name}.onnx").write_bytes(run.model)
    return path


def _verify(folder: Path, *emulator: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """Exit code and verdict by name, of another process."""
    files = [str(folder / f"{name}.json") for name in RUNS]
    done = subprocess.run(
        [*emulator, sys.executable, "-c", PROGRAM, *files],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return {Path(file).stem: tuple(found) for file, found in json.loads(done.stdout).items()}


def test_another_process_without_the_evm_verifies(folder: Path) -> None:
    """All profiles where the engine is the signers'."""
    found = _verify(folder)
    assert {name: code for name, (code, _) in found.items()} == dict.fromkeys(RUNS, 0)
    steps = found["exact"][1]["steps"]
    assert [step["mark"] for step in steps] == ["holds"] * len(steps)


@pytest.mark.slow
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="runs this host's Python")
def test_another_processor_verifies_what_is_the_same_everywhere(folder: Path) -> None:
    """Exact and portable models under an emulated Nehalem; of a pinned one, what differs."""
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        assert os.environ.get("CI") != "true", "install the package qemu-user"
        pytest.skip("needs qemu-x86_64, of the package qemu-user")
    found = _verify(folder, emulator, "-cpu", "Nehalem")
    assert {name: code for name, (code, _) in found.items()} == {
        "exact": 0,
        "portable": 0,
        "pinned": 2,
    }
    assert found["pinned"][1]["outcome"] == "cannot tell"
    assert "instructionSet is '" in found["pinned"][1]["reason"]
    assert "' there, 'sse4_2' here" in found["pinned"][1]["reason"]
