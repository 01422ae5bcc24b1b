"""`devnet lab`: what happened on stdout, surprises on stderr and in the exit code."""

import json
from pathlib import Path

from click.testing import CliRunner

from devnet.cli.main import main

HONEST = "heights = 2\n"


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr."""
    result = CliRunner().invoke(main, ["lab", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_run_tells_outcome_report_and_trace(tmp_path: Path) -> None:
    """The same twice; the trace file has a line for every delivery."""
    file, trace = tmp_path / "honest.toml", tmp_path / "trace.txt"
    file.write_text(HONEST)
    code, first, _ = run("run", str(file), "--trace", str(trace))
    assert code == 0
    assert "decided" in first
    assert "2 of 2 heights" in first
    assert "proposal" in trace.read_text()
    assert run("run", str(file))[1] == first
    assert run("run", str(file), "--seed", "5")[1] != first


def test_json_has_all_of_it(tmp_path: Path) -> None:
    """One object."""
    file = tmp_path / "honest.toml"
    file.write_text(HONEST)
    code, text, _ = run("run", str(file), "--json")
    shown = json.loads(text)
    assert code == 0
    assert (shown["outcome"], shown["heights"], shown["surprises"]) == ("decided", 2, [])
    assert len(shown["traceHash"]) == 64


def test_surprise_is_an_error(tmp_path: Path) -> None:
    """What came, what was expected, and the command that gives it again."""
    file = tmp_path / "wrong.toml"
    file.write_text(HONEST + "expect.outcome = 'fork'\nexpect.says = ['moon']\n")
    code, text, error = run("run", str(file), "--seed", "7")
    assert code == 1
    assert "decided" in text
    assert "outcome is decided, expected fork; the report does not say 'moon'" in error
    assert f"devnet lab run {file} --seed 7" in error.replace("\n", "")


def test_mistakes_end_in_one_line(tmp_path: Path) -> None:
    """A wrong key, a fault that needs a model, a file that is not there."""
    file = tmp_path / "bad.toml"
    for text, words in (
        ("higths = 2", "no key 'higths'; did you mean 'heights'?"),
        ("faults.v1 = 'lazy'", "shows in inferences only; add a [[model]]"),
    ):
        file.write_text(text)
        code, _, error = run("run", str(file))
        assert code != 0
        assert words in error
        assert len(error.splitlines()) == 1
    assert "no scenario file 'nowhere'" in run("run", "nowhere")[2]


def test_list_names_what_is_shipped() -> None:
    """With their titles."""
    code, text, _ = run("list")
    assert code == 0
    assert "lazy_majority" in text
    assert "a wrong output becomes final" in text
