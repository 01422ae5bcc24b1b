"""The README is true: its example runs, its folders exist, its figures are those measured."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from devnet.cli.main import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_python_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The block under 'From Python', as it stands."""
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(example.splitlines()) <= 24
    exec(compile(example, "README.md", "exec"), {})
    out = capsys.readouterr().out
    assert "digit 1 label 1" in out
    assert "VERIFIED" in out


def test_the_agreement_rule_of_the_readme_is_a_file_that_works(tmp_path: Path) -> None:
    """Its scenario and its rule, as they stand, in under 100 lines; no key has to be added."""
    (scenario,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (rule,) = re.findall(r"```py\n(.*?)```", README, re.DOTALL)
    assert len(rule.splitlines()) < 100
    (tmp_path / "same_winner.py").write_text(rule)
    file = tmp_path / "winner.toml"
    file.write_text(scenario + "expect.disagree = []\n")
    result = CliRunner().invoke(main, ["lab", "run", str(file)])
    assert result.exit_code == 0, result.output
    taken = "rule same_winner.py:SameWinner, block 3 round 0: v1 takes over the output of inference"
    assert taken in result.stdout
    file.write_text(scenario.replace("same_winner.py:SameWinner", "exact"))
    assert "v1 found another result" in CliRunner().invoke(main, ["lab", "run", str(file)]).stdout


def test_every_folder_on_the_map_exists_and_has_a_readme() -> None:
    """The map names real folders; each says what belongs in it."""
    folders = re.findall(r"^\| `([a-z/]+/)` \|", README, re.MULTILINE)
    assert len(folders) >= 10
    for folder in folders:
        assert (ROOT / folder / "README.md").is_file(), folder


def test_every_folder_of_the_source_is_on_the_map() -> None:
    """Nothing of `devnet/` is missing from it."""
    for path in sorted((ROOT / "devnet").iterdir()):
        if path.is_dir() and path.name != "__pycache__":
            assert f"`devnet/{path.name}/`" in README, path.name


@pytest.mark.parametrize("folder", ["consensus", "network", "lab"])
def test_examples_of_the_protocol_rooms_run(folder: str) -> None:
    """Each README's Python example runs as printed, in a namespace of its own."""
    text = (ROOT / "devnet" / folder / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(example, f"{folder}/README.md", "exec"), {"__name__": f"example_{folder}"})


def test_every_command_stands_in_the_command_lines_readme() -> None:
    """A command that is not described does not exist for a user."""
    text = (ROOT / "devnet" / "cli" / "README.md").read_text()
    for name in main.list_commands(None):  # type: ignore[arg-type]
        assert f"`devnet {name}" in text, name


def test_the_accuracy_is_the_one_that_was_measured() -> None:
    """The figure comes from the zoo's README, which the script that measured it writes."""
    zoo = (ROOT / "precompiles" / "models" / "zoo" / "README.md").read_text()
    (measured,) = re.findall(
        r"^\| `digits_exact` \|.*\| (\d+ of \d+) \| ([\d.]+) % \|$", zoo, re.MULTILINE
    )
    assert f"{measured[0]} held-out digits right, {measured[1]} %" in README
