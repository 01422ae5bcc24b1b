"""Audits of a data directory: what somebody has changed or taken away there is told."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from devnet.audits import build_local_chain
from devnet.chain.block import Execution
from devnet.chain.block_store import build_codec
from devnet.config import Config, Host
from devnet.database import CHAIN_FILE
from devnet.node import Node
from devnet.verification.audit.finding import Result
from devnet.verification.audit.record import Source
from precompiles.tensor import Tensor
from tests.conftest import Driver
from tests.verification.audit.conftest import audit, list_results

CONFIRMED, REFUTED, CANNOT_TELL = Result
FIRST = 2  # block of the first call


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two validators, two calls, on disk."""
    folder = tmp_path_factory.mktemp("chain")
    driver = Driver(node=Node(Config(validators=2), Host(data_dir=folder)))
    model = driver.add_digits()
    places = [driver.infer(model, digit) for digit in range(2)]
    assert places[0].block.header.number == FIRST
    driver.node.close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(original, tmp_path / "chain"))


@contextmanager
def open_source(folder: Path) -> Iterator[Source]:
    """The chain of a directory."""
    node = Node(None, Host(data_dir=folder))
    try:
        yield build_local_chain(node)
    finally:
        node.close()


def change_outputs(folder: Path) -> None:
    """One byte of the first call's first output, in the database itself."""
    with closing(sqlite3.connect(folder / CHAIN_FILE)) as database, database:
        query = "SELECT hash, execution FROM blocks JOIN chain USING (hash) WHERE number = ?"
        block_hash, data = database.execute(query, (FIRST,)).fetchone()
        block = build_codec().decode(data, Execution)
        (inference,) = block.inferences
        first, *others = inference.call.outputs
        forged = Tensor(first.dtype, first.shape, bytes([first.data[0] ^ 1]) + first.data[1:])
        call = replace(inference.call, outputs=(forged, *others))
        block = replace(block, inferences=(replace(inference, call=call),))
        row = (build_codec().encode(block), block_hash)
        database.execute("UPDATE blocks SET execution = ? WHERE hash = ?", row)


def list_models(folder: Path) -> list[Path]:
    """The model's file of each validator."""
    return sorted(folder.glob("v*/models/*"))


def test_untouched_directory_is_confirmed(folder: Path) -> None:
    """Everything is read from disk."""
    with open_source(folder) as source:
        assert list_results(audit(source)) == [(CONFIRMED, "")] * 2


def test_tampered_outputs_are_refuted(folder: Path) -> None:
    """The receipt that validators signed has the digest of what was there before."""
    change_outputs(folder)
    with open_source(folder) as source:
        assert list_results(audit(source)) == [(REFUTED, "output"), (CONFIRMED, "")]


def test_model_that_one_validator_lost_is_taken_from_another(folder: Path) -> None:
    """Any store will do, as the bytes have to hash to the id."""
    first, second = list_models(folder)
    first.unlink()
    with open_source(folder) as source:
        assert list_results(audit(source)) == [(CONFIRMED, "")] * 2
        second.write_bytes(b"something else")
        assert list_results(audit(source)) == [(REFUTED, "model")] * 2
        second.unlink()
        findings = audit(source)
        assert list_results(findings) == [(CANNOT_TELL, "model")] * 2
        assert "add it with 'devnet model add FILE'" in findings[0].reason
