"""A node in a process of its own that has imported the chain of a folder of exchanges."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

SUITE = Path(__file__).resolve().parents[3] / "shared" / "rpc-compat"
_CHAIN, _GENESIS = "chain.rlp", "genesis.json"
_DEVNET = (sys.executable, "-m", "devnet")
_STOP_S = 30


def find_chain(folder: Path) -> Path:
    """Where the chain of exchanges is: beside them, above them, else the suite's own."""
    places = (folder, *folder.resolve().parents)
    return next((place for place in places if (place / _CHAIN).is_file()), SUITE)


@contextmanager
def serve_suite(folder: Path) -> Iterator[str]:
    """URL of a fresh node with the chain of a folder; what is sent to it waits, as in hive.

    Raises: RuntimeError with what the import or the node said if there is none.
    """
    place = find_chain(folder)
    with TemporaryDirectory(prefix="rpc-compat-") as data_dir:
        source = (str(place / _CHAIN), "--genesis", str(place / _GENESIS))
        command = (*_DEVNET, "import", *source, "--data-dir", data_dir)
        imported = subprocess.run(command, capture_output=True, text=True)
        if imported.returncode:
            raise RuntimeError(f"the chain of {place} is not imported: {imported.stderr.strip()}")
        options = ("--no-mining", "--port", "0", "--json")
        with subprocess.Popen(
            (*_DEVNET, "up", "--data-dir", data_dir, *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as node:
            try:
                yield _read_url(node)
            finally:
                node.terminate()
                node.communicate(timeout=_STOP_S)


def _read_url(node: subprocess.Popen[str]) -> str:
    assert node.stdout is not None
    assert node.stderr is not None
    line = node.stdout.readline()
    if not line:
        raise RuntimeError(f"the node did not start: {node.stderr.read().strip()}")
    url: str = json.loads(line)["url"]
    return url
