"""A worker that cannot be had is refused with what to do; no EELS is needed for that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devnet.chain.eels.process import EELS_VERSION, EelsProcess
from devnet.errors import ConfigError

ROOT = Path(__file__).resolve().parents[3]


def write_python(folder: Path, line: str) -> str:
    """An interpreter of one's own."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{line}\n")
    script.chmod(0o755)
    return str(script)


def test_a_python_without_eels_names_the_command(tmp_path: Path) -> None:
    """The extra, or another Python that has it."""
    python = write_python(tmp_path, f'exec {sys.executable} -S "$@"')
    with pytest.raises(ConfigError) as refused:
        EelsProcess(python).start()
    for words in ("pip install 'inference-devnet[eels]'", python, "engine:eels:/path/to/python"):
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [("exit 0", "does not run EELS: the EELS worker ended with code 0"), ("exit 9", "with code 9")],
)
def test_what_is_no_python_is_named(tmp_path: Path, line: str, words: str) -> None:
    """With the code that it ended with."""
    with pytest.raises(ConfigError, match=words):
        EelsProcess(write_python(tmp_path, line)).start()


def test_a_path_to_nothing_is_named() -> None:
    """Before a process is started."""
    with pytest.raises(ConfigError, match="there is no Python at /nowhere/python"):
        EelsProcess("/nowhere/python").start()


def test_one_version_of_eels_is_meant_everywhere() -> None:
    """The extra, the script of the checkout and the client."""
    package = f"ethereum-execution=={EELS_VERSION}"
    assert f'eels = ["{package}"]' in (ROOT / "pyproject.toml").read_text()
    assert f'PACKAGE = "{package}"' in (ROOT / "scripts" / "install_eels").read_text()
