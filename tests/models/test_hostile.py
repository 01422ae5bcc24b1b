"""Hostile files: each is refused for the right reason or runs within the limits; none crashes.

All are tried in one process beside this one, which times and weighs each of them.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fuzzing.hostile import list_hostile

ROOT = Path(__file__).resolve().parents[2]
MAX_S = 1.0  # seconds to refuse one, to admit one, to run one
MAX_MB = 300.0  # of the whole process, runtime included
MIN_FILES = 40  # beside damaged copies of good models


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What became of each file, by its name in the list."""
    folder = tmp_path_factory.mktemp("hostile")
    scripts = ROOT / "scripts"
    subprocess.run([sys.executable, scripts / "make_hostile_models", folder], check=True)
    index = json.loads((folder / "index.json").read_text())
    environment = {"PYTHONPATH": f"{ROOT}:{scripts}"}
    command = [sys.executable, "-W", "ignore", "-m", "fuzzing.containment", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {index[line["file"]]["name"]: line for line in lines}


def test_no_file_ends_the_process(results: dict[str, dict[str, Any]]) -> None:
    """There is an outcome for every one of them."""
    names = [name for name, _, _ in list_hostile()]
    assert len(names) == len(set(names))
    assert list(results) == names
    assert sum(" cut at " not in name and " flip " not in name for name in names) >= MIN_FILES


def test_each_is_refused_for_the_stated_reason(results: dict[str, dict[str, Any]]) -> None:
    """Where the list says how; the others may be admitted."""
    wrong = {
        name: results[name]["reason"] or "admitted"
        for name, _, words in list_hostile()
        if words
        and not (results[name]["outcome"] == "refused" and words in results[name]["reason"])
    }
    assert wrong == {}


def test_what_is_admitted_runs(results: dict[str, dict[str, Any]]) -> None:
    """Also when it came out of flipped bits: the runtime refuses nothing that admission let in."""
    admitted = {n: line for n, line in results.items() if line["outcome"] == "admitted"}
    assert {name: line["reason"] for name, line in admitted.items() if line["reason"]} == {}
    assert any(" flip " in name for name in admitted)


def test_none_takes_long_or_much_memory(results: dict[str, dict[str, Any]]) -> None:
    """Under a second and under 300 MB, the interpreter and the runtime included."""
    slow = {
        name: (line["admit_s"], line["run_s"])
        for name, line in results.items()
        if max(line["admit_s"], line["run_s"]) > MAX_S
    }
    assert slow == {}
    assert max(line["peak_mb"] for line in results.values()) < MAX_MB


def test_truncated_models_are_refused(results: dict[str, dict[str, Any]]) -> None:
    """At every hundredth of their length."""
    cut = {name: line["outcome"] for name, line in results.items() if " cut at " in name}
    assert len(cut) == 200
    assert set(cut.values()) == {"refused"}
