"""Every recorded exchange of the execution-apis suite is answered as recorded.

The folder is `../shared/rpc-compat`, or what RPC_COMPAT names; `scripts/rpc_compat` does the same
outside of pytest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.exchange import list_files, load_exchange
from tests.conformance.replay import replay
from tests.conformance.suite_node import SUITE, serve_suite

FOLDER = Path(os.environ.get("RPC_COMPAT") or SUITE)
FILES = list_files(FOLDER)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One fresh node for the folder; exchanges reach it in alphabetical order."""
    with serve_suite(FOLDER) as address:
        yield address


def test_exchanges_are_there() -> None:
    """Without them nothing is compared: a failure in CI, else a skip that says so."""
    if FILES:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"no exchanges in {FOLDER}")
    pytest.skip(f"no exchanges in {FOLDER}: CONFORMANCE IS NOT TESTED")


@pytest.mark.parametrize("file", FILES, ids=[str(f.relative_to(FOLDER)) for f in FILES])
def test_exchange_is_answered_as_recorded(url: str, file: Path) -> None:
    """hive's rules: all but an error's message; a `speconly` exchange by its schema."""
    (outcome,) = replay(url, [load_exchange(file, FOLDER)])
    assert outcome.passed, "\n".join(outcome.differences)
