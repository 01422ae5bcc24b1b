"""Scenario files are read whole, and what is wrong in them is named with what would do."""

from pathlib import Path

import pytest

from devnet.errors import ConfigError
from devnet.lab.scenario.reading import find_scenario, list_shipped, load_scenario
from devnet.lab.scenario.scenario import Expectation, ModelFile, Network, Outcome, Scenario
from devnet.validators.misbehaviour import parse_behavior

WHOLE = """
title = "All keys"
powers = [3, 2, 1]
heights = 7
seed = 9
limit_s = 5
calls = 2
rule = "tolerance(8)"
[faults]
v1 = "lazy@height>=3"
[network]
latency_ms = [1, 2]
loss_permille = 3
duplication_permille = 4
partition = [["v0"], ["v1", "v2"]]
gst_ms = 6
[[model]]
sample = "digits_float"
profile = "pinned"
[expect]
outcome = "halt"
disagree = ["v2", "v1"]
culprits = []
excluded = ["v0"]
says = ["power"]
"""


def write(folder: Path, text: str) -> Path:
    """A scenario file."""
    file = folder / "case.toml"
    file.write_text(text)
    return file


def test_all_keys_are_read(tmp_path: Path) -> None:
    """Names become indices, behaviours are parsed, lists of names are sorted."""
    assert load_scenario(write(tmp_path, WHOLE)) == Scenario(
        title="All keys",
        powers=(3, 2, 1),
        heights=7,
        seed=9,
        limit_s=5,
        behaviors={1: parse_behavior("lazy@height>=3")},
        network=Network((1, 2), 3, 4, ((0,), (1, 2)), None, 6),
        models=(ModelFile("digits_float", None, True),),
        calls=2,
        rule="tolerance(8)",
        agreement="tolerance(8)",
        expect=Expectation(Outcome.HALT, ("v1", "v2"), (), ("v0",), ("power",)),
    )


def test_empty_file_is_four_honest_validators(tmp_path: Path) -> None:
    """Everything has a default."""
    scenario = load_scenario(write(tmp_path, ""))
    assert scenario == Scenario("", (1, 1, 1, 1), 10)
    assert scenario.names == ("v0", "v1", "v2", "v3")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hieghts = 3", "case.toml: no key 'hieghts'; did you mean 'heights'?"),
        ("zzz = 3", "there are powers, validators"),
        ("heights = 'x'", "heights is 'x', it takes a whole number"),
        ("heights = true", "it takes a whole number"),
        ("heights = 0", "heights is 0; use 1 to 100000"),
        ("validators = 3\npowers = [1]", "give one for each of 3 validators"),
        ("powers = [0, 0]", "not all 0"),
        ("powers = [1, 'x']", "powers has 'x', it takes a whole number"),
        ("faults.v9 = 'crash'", "faults: no key 'v9'; there are v0, v1"),
        ("faults.v1 = 'crush'", "case.toml, faults, v1: no behavior 'crush'; did you mean"),
        (
            "network.latency = [1]",
            "case.toml, network: no key 'latency'; did you mean 'latency_ms'",
        ),
        ("network.latency_ms = [5, 1]", "it takes the least and the most"),
        ("network.latency_ms = [5]", "it takes the least and the most"),
        ("network.log_normal = [5]", "it takes the median in ms and sigma in permille"),
        ("network.log_normal = [5, 9000]", "a sigma from 0 to 3000 permille"),
        ("network = { log_normal = [5, 9], latency_ms = [1, 2] }", "give only one of"),
        ("network.regions = [['v0'], ['v1']]", "regions must have every validator exactly once"),
        (
            "network.regions = [['v0', 'v1'], ['v2', 'v3']]\nnetwork.region_ms = [[1, 2]]",
            "region_ms must have 2 rows of 2",
        ),
        (
            "network.regions = [['v0', 'v1', 'v2', 'v3']]\nnetwork.region_ms = [[-1]]",
            "region_ms has -1; use 0 to",
        ),
        ("network.reordering_permille = 1001", "use 0 to 1000"),
        ("network.partition = [['v7']]", "partition has 'v7'; the validators are v0 to v3"),
        ("rule = 'tolerence(3)'", "no rule 'tolerence(3)'; did you mean 'tolerance(N)'?"),
        ("rule = 'mine.py:Mine'", "there is no rule file"),
        ("model = [{ sample = 'digit_exact' }]", "did you mean digits_exact?"),
        ("model = [{ file = 'none.onnx' }]", "there is no file none.onnx"),
        ("model = [{ }]", "case.toml, model 0: give either sample or file"),
        ("model = [{ sample = 'digits_exact', profile = 'fast' }]", "use 'pinned'"),
        ("expect.outcome = 'win'", "no outcome 'win'; there are fork"),
        ("expect.disagree = ['v8']", "disagree has 'v8'"),
        ("twins = ['v1']\nmodel = [{ sample = 'digits_exact' }]", "for runs without models"),
        ("colluders = ['v1']", "colluders need sides"),
        ("sides = [['v0'], ['v1']]", "name the colluders"),
        ("colluders = ['v0']\nsides = [['v0'], ['v1']]", "v0 colludes; sides are of those who"),
        ("colluders = ['v0']\nsides = [['v1']]\nfaults.v0 = 'crash'", "v0 is played by the adv"),
        ("colluders = ['v0']\ntwins = ['v0']\nsides = [['v1']]", "it has no twin and no faults"),
        ("validators = 1\ncolluders = ['v0']\nsides = [[]]", "all validators collude"),
        ("twins = ['v1', 'v1']", "case.toml: twins has 'v1' more than once"),
        ("network.partition = [['v0', 'v1'], ['v1']]", "partition has 'v1' more than once"),
        ("network.heals_ms = 5", "case.toml, network: heals_ms ends a partition; give one"),
        ("network.gst_ms = 5", "gst_ms ends loss, duplication, reordering and partitions"),
        ("network.region_ms = [[1]]", "region_ms is between regions; give regions"),
        ("rule = 'majority'", "rule and calls are about inferences; add a [[model]]"),
        ("calls = 2", "rule and calls are about inferences"),
        ("faults.v1 = 'stall'", "case.toml: faults, v1: 'stall' shows in disputes only"),
        ("faults.v1 = ''", "case.toml, faults, v1: behavior '' is not of the form"),
        ("title = ", "case.toml: "),
    ],
)
def test_mistakes_are_named_with_what_would_do(tmp_path: Path, text: str, words: str) -> None:
    """File, table, key, value; a near match where there is one."""
    with pytest.raises(ConfigError) as refusal:
        load_scenario(write(tmp_path, text))
    assert words in str(refusal.value)


def test_shipped_scenarios_are_found_by_name() -> None:
    """Near matches for others."""
    assert {find_scenario(name).stem for name in list_shipped()} == {*list_shipped()}
    with pytest.raises(ConfigError, match="did you mean 'lazy_majority'"):
        find_scenario("lazy_majorty")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class Mine: pass", "mine.py:Mine has no 'count"),
        ("import nothing_like_that", "mine.py:Mine cannot be used: ModuleNotFoundError"),
        ("", "mine.py:Mine cannot be used: AttributeError"),
    ],
)
def test_rule_files_that_are_no_rules_are_refused(tmp_path: Path, code: str, words: str) -> None:
    """Whatever is wrong with them."""
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(ConfigError) as refusal:
        load_scenario(write(tmp_path, "rule = 'mine.py:Mine'"))
    assert words in str(refusal.value)
