"""Models on disk: whole or absent, and what was put in."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.digest import compute_model_id
from precompiles.errors import ModelMissing, StoreCorrupt
from precompiles.models.file_store import FileStore


@settings(max_examples=30, deadline=None)
@given(chunks=st.lists(st.binary(max_size=100), max_size=5))
def test_a_stream_is_kept_under_the_hash_of_its_bytes(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    """Pieces make one blob; putting them again changes nothing."""
    store = FileStore(tmp_path_factory.mktemp("store"))
    model = b"".join(chunks)
    assert store.put_stream(chunks) == store.put(model) == compute_model_id(model)
    assert store.get(compute_model_id(model)) == model
    assert list(store.list()) == [compute_model_id(model)]


def test_a_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    """An error in the middle of an upload keeps no blob and no rubbish."""

    def pieces() -> Iterator[bytes]:
        yield b"first half"
        raise ConnectionError("client went away")

    store = FileStore(tmp_path)
    with pytest.raises(ConnectionError):
        store.put_stream(pieces())
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_no_blob_under_an_id(tmp_path: Path) -> None:
    """kill -9 in the middle of a write: the id stays unknown, a new write succeeds."""
    writer = (
        "import sys, time; from pathlib import Path\n"
        "from precompiles.models.file_store import FileStore\n"
        "def pieces():\n"
        "    yield b'x' * 100000\n"
        "    print('half', flush=True); time.sleep(60)\n"
        "FileStore(Path(sys.argv[1])).put_stream(pieces())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", writer, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    store = FileStore(tmp_path)
    assert list(store.list()) == []
    model_id = store.put(b"x" * 100_000)
    assert list(store.list()) == [model_id]


def test_a_changed_file_is_corrupt_and_a_missing_one_is_missing(tmp_path: Path) -> None:
    """Both are faults of this host; the message names the file and the remedy."""
    store = FileStore(tmp_path)
    model_id = store.put(b"weights")
    (tmp_path / model_id.hex()).write_bytes(b"other")
    with pytest.raises(StoreCorrupt, match="delete it"):
        store.get(model_id)
    with pytest.raises(ModelMissing, match="devnet model add"):
        store.get(bytes(32))


def test_a_large_file_streams_in_bounded_memory(tmp_path: Path) -> None:
    """64 MiB are copied with a few MiB of memory."""
    source = tmp_path / "large.bin"
    with source.open("wb") as file:
        file.truncate(64 << 20)
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from precompiles.models.file_store import FileStore\n"
        "store = FileStore(Path(sys.argv[1]))\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "store.put_file(Path(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "store"), str(source)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(run.stdout) < 16 * 1024, "KiB beyond the start"
