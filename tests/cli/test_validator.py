"""`devnet validator` refuses what it cannot begin with, in one line that says what to do."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from devnet.cli.main import main
from devnet.clock import read_clock
from devnet.config import Config
from devnet.processes.founding import found
from devnet.processes.key_file import FILE as KEY_FILE
from devnet.processes.log import LOG_FILE
from devnet.processes.network_file import FILE as NETWORK_FILE
from devnet.processes.network_file import load_network
from devnet.processes.process import Process


def refuse(*arguments: str) -> str:
    """Run a command that fails; its one line."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.exit_code == 2, done.output
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in done.output
    return line


def begin(folder: Path) -> None:
    """A validator that has run, and was stopped."""
    Process(folder, read_clock).close()


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Put something else into the network file."""
    path = folder / NETWORK_FILE
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


@pytest.fixture
def v0(tmp_path: Path) -> Path:
    """Folder of a founder that has not run yet."""
    found(tmp_path, Config())
    return tmp_path / "v0"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("0x12", "holds 1 bytes; a key has 32"),
        ("no hex", "does not read"),
        (None, "has no key of a validator; it is in the file 'key'"),
        ("0x" + "ab" * 32, "the network file does not name key"),
    ],
)
def test_a_key_that_is_none_or_another_s_is_refused(v0: Path, key: str | None, said: str) -> None:
    """The file is named; a stranger is told how to join."""
    (v0 / KEY_FILE).unlink()
    if key is not None:
        (v0 / KEY_FILE).write_text(key)
    assert said in refuse("validator", "--data-dir", str(v0))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(format=9), "a network file of format 9, this version reads 1"),
        (lambda d: d.pop("config"), "not a network file"),
        (lambda d: d["peers"][2].update(key="short"), "no public key of 40 Z85 characters"),
        (lambda d: d["peers"][2].update(endpoint="x:1"), "is no tcp://HOST:PORT"),
        (lambda d: d["peers"][2].update(endpoint="tcp://x:0"), "has no port from 1 to 65535"),
        (lambda d: d["config"].update(validators=-1), "validators is -1"),
    ],
)
def test_a_network_file_that_is_none_is_refused(
    v0: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    """Of another format, cut, or with peers that nobody can reach."""
    rewrite(v0, change)
    assert said in refuse("validator", "--data-dir", str(v0))


def test_a_network_file_that_does_not_read_is_named(v0: Path) -> None:
    """So is one that is not there."""
    path = v0 / NETWORK_FILE
    path.write_text("{")
    assert f"{path} does not read" in refuse("validator", "--data-dir", str(v0))
    path.unlink()
    assert "join a network with --join HOST:PORT" in refuse("validator", "--data-dir", str(v0))


def test_another_network_s_chain_is_refused(v0: Path) -> None:
    """A folder stays with the chain that it has."""
    begin(v0)
    rewrite(v0, lambda d: d["config"].update(chain_id=5))
    assert "holds a chain with chain id 31337, not 5" in refuse("validator", "--data-dir", str(v0))


def test_a_folder_of_another_version_is_refused(v0: Path) -> None:
    """Its files say which one they are of."""
    begin(v0)
    with closing(sqlite3.connect(v0 / LOG_FILE)) as file:
        file.execute("PRAGMA user_version = 99")
    assert "has format 99, this version reads" in refuse("validator", "--data-dir", str(v0))


def test_a_folder_or_a_port_in_use_is_refused(v0: Path) -> None:
    """The process, or the port, is named; the folder is free again after the second."""
    running = Process(v0, read_clock)
    assert "in use by process" in refuse("validator", "--data-dir", str(v0))
    running.close()
    endpoint = next(p.endpoint for p in load_network(v0).peers if p.name == "v0")
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        said = refuse("validator", "--data-dir", str(v0))
        assert f"cannot listen on {endpoint}" in said
        assert "use another port" in said
    begin(v0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--listen", "127.0.0.1:1"), "add --join"),
        (("--join", "nowhere"), "--join 'nowhere' is not HOST:PORT"),
        (("--join", "127.0.0.1:port"), "is not HOST:PORT, as in 192.0.2.7:8545"),
        (("--behavior", "crash"), "kill -9"),
        (("--behavior", "pause(5)@always"), "kill -STOP"),
        (("--behavior", "equivocate"), "did you mean 'equivocate-"),
        (("--behavior", "lazy@sometimes"), "trigger 'sometimes' is not of the form"),
    ],
)
def test_options_that_say_nothing_are_refused(
    v0: Path, options: tuple[str, ...], said: str
) -> None:
    """Before anything is opened."""
    assert said in refuse("validator", "--data-dir", str(v0), *options)


def test_a_node_without_processes_lets_nobody_join(tmp_path: Path, url: str) -> None:
    """It says with which option it would; nobody answers on another port."""
    folder = str(tmp_path / "new")
    place = url.removeprefix("http://")
    done = CliRunner().invoke(main, ["validator", "--data-dir", folder, "--join", place])
    assert "start with 'devnet up --processes'" in done.stderr
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{free.getsockname()[1]}"
        done = CliRunner().invoke(main, ["validator", "--data-dir", folder, "--join", nobody])
    assert done.exit_code != 0
    assert nobody in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("behavior", "said"),
    [
        ("v9=lazy", "no validator 'v9'; there are v0, v1, v2, v3"),
        ("v1=crash", "kill -9"),
        ("v1", "is not VALIDATOR=STRATEGY"),
    ],
)
def test_up_refuses_what_no_process_can_play(behavior: str, said: str) -> None:
    """Before any process is started."""
    assert said in refuse("up", "--processes", "--port", "0", "--behavior", behavior)


def test_up_refuses_a_second_behavior_of_one_validator() -> None:
    """Both together are one."""
    given = ("--behavior", "v1=lazy", "--behavior", "v1=delay(5)")
    said = refuse("up", "--port", "0", *given)
    assert "v1 has one already; give both as 'v1=lazy + delay(5)'" in said
