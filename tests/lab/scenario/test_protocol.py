"""Runs without models: whoever takes part, they end, and say why they end as they do."""

from pathlib import Path

import pytest

from devnet.lab.scenario.reading import load_scenario
from devnet.lab.scenario.result import Result
from devnet.lab.scenario.run import run_scenario
from devnet.lab.scenario.scenario import Outcome


def run(folder: Path, text: str) -> Result:
    """The result of a scenario file."""
    file = folder / "case.toml"
    file.write_text(text)
    return run_scenario(load_scenario(file))


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("faults = {v0 = 'crash(500)@random(0.1)', v1 = 'delay(50)', v2 = 'pause', v3 = 'censor'}",
         Outcome.DECIDED),
        ("twins = ['v0', 'v1', 'v2', 'v3']", Outcome.DECIDED),
        ("faults = {v0 = 'drop-votes', v1 = 'drop-votes', v2 = 'drop-votes', v3 = 'drop-votes'}",
         Outcome.HALT),
        ("validators = 1\nfaults.v0 = 'equivocate-votes + equivocate-proposals'", Outcome.DECIDED),
        ("powers = [0, 0, 1, 0]", Outcome.DECIDED),
        ("powers = [1, 1, 1, 1, 0]\n[network]\nlatency_ms = [0, 0]\nheals_ms = 500\n"
         "partition = [['v0', 'v1', 'v2', 'v3'], ['v4']]", Outcome.DECIDED),
    ],
    ids=["all-faulty", "all-twins", "all-silent", "one-liar", "one-power", "no-latency"],
)  # fmt: skip
def test_a_run_ends_whoever_takes_part(tmp_path: Path, text: str, outcome: Outcome) -> None:
    """Also where nobody is correct, nobody else is there, or nothing takes time."""
    assert run(tmp_path, f"heights = 5\nlimit_s = 30\n{text}\n").outcome is outcome


def test_a_halt_names_who_is_down_whatever_power_others_have(tmp_path: Path) -> None:
    """Validators of power 0 come before them in the file."""
    crashes = "heights = 1\nlimit_s = 5\nfaults = {v3 = 'crash', v4 = 'crash(60000)'}\n"
    result = run(tmp_path, f"powers = [0, 1, 1, 1, 1]\n{crashes}")
    assert result.outcome is Outcome.HALT
    assert "v3, v4 (power 2): down" in result.report[1]


def test_a_crash_without_a_time_lasts_as_long_as_its_trigger(tmp_path: Path) -> None:
    """Two of four are down at height 3: nobody gets beyond it; one is back at height 6."""
    two = run(tmp_path, "limit_s = 20\nfaults.v1 = 'crash@at heights 3'\n"
                        "faults.v2 = 'crash@at heights 3'\n")  # fmt: skip
    assert (two.outcome, two.heights) == (Outcome.HALT, 2)
    one = run(tmp_path, "heights = 20\nfaults.v1 = 'crash@at heights 3-5'\n")
    assert one.outcome is Outcome.DECIDED
    assert "v1" in one.proposers  # it comes back and takes its turns
    always = run(tmp_path, "heights = 20\nfaults.v1 = 'crash'\n")
    assert always.proposers == ("v0", "v2", "v3")
