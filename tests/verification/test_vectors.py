"""Test vectors: two verifiers, one of them written from the format's page, say what they say."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from devnet.verification.verifier import verify_text
from tests.verification.second_reader import check
from tests.verification.test_schema import VALIDATOR

ROOT = Path(__file__).parents[2]
VECTORS = tuple(sorted((Path(__file__).parent / "vectors").glob("*.json")))


def _load(path: Path) -> tuple[dict[str, Any], str, bytes]:
    vector = json.loads(path.read_text())
    text = vector["text"] if "text" in vector else json.dumps(vector["bundle"])
    return vector, text, (ROOT / vector["model"]).read_bytes()


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector_has_the_steps_it_says(path: Path) -> None:
    """Every step's mark and the exit code."""
    vector, text, model = _load(path)
    trusted = None if vector["trust"] is None else bytes.fromhex(vector["trust"][2:])
    verdict = verify_text(text, lambda _: model, trusted)
    assert [[s.name, s.mark.name.lower()] for s in verdict.steps] == vector["steps"], verdict.reason
    assert verdict.outcome.value == vector["exitCode"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_second_reader_agrees(path: Path) -> None:
    """The page suffices for every step but running the model."""
    vector, text, model = _load(path)
    said = [step for step in vector["steps"] if step[0] != "execution"]
    assert check(text, model, vector["trust"]) == said


def test_second_reader_shares_no_code_with_the_first() -> None:
    """Beside the standard library it knows a hash, a curve and itself."""
    taken = set()
    for path in Path(__file__).parent.glob("second_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                taken.add(str(node.module))
            elif isinstance(node, ast.Import):
                taken |= {name.name for name in node.names}
    own = {name for name in taken if name.startswith("tests.verification.second_")}
    assert taken - own - set(sys.stdlib_module_names) == {"collections.abc", "coincurve", "sha3"}


def test_there_are_vectors_of_every_outcome() -> None:
    """And each step is wrong in one of them."""
    vectors = [_load(path)[0] for path in VECTORS]
    assert {vector["exitCode"] for vector in vectors} == {0, 1, 2}
    failing = {name for vector in vectors for name, mark in vector["steps"] if mark == "fails"}
    assert failing == {
        *("bundle", "validator set", "block header", "signatures", "engines"),
        *("inference receipt", "input", "output", "model", "execution"),
    }


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_what_reads_has_the_published_shape(path: Path) -> None:
    """The schema takes every bundle that the reader takes."""
    vector, text, _ = _load(path)
    if vector["steps"] != [["bundle", "fails"]]:
        VALIDATOR.validate(json.loads(text))


def test_vectors_are_as_the_script_writes_them() -> None:
    """`scripts/make_bundle_vectors --check`."""
    script = ROOT / "scripts" / "make_bundle_vectors"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
