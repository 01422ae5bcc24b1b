"""The known outcomes: every shipped scenario ends as it says, and the same way again."""

import platform
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from devnet.lab.scenario.reading import find_scenario, list_shipped, load_scenario
from devnet.lab.scenario.result import find_surprises
from devnet.lab.scenario.run import run_scenario
from devnet.lab.scenario.scenario import Outcome
from devnet.lab.trace import Trace

KNOWN = {
    "censorship": Outcome.DECIDED,
    "censorship_third": Outcome.DECIDED,
    "commit_reveal_lazy": Outcome.DECIDED,
    "crash_chain": Outcome.DECIDED,
    "crash_restart": Outcome.DECIDED,
    "drift_exact": Outcome.DECIDED,
    "drift_float": Outcome.DECIDED,
    "drift_third": Outcome.HALT,
    "equivocation_fork": Outcome.FORK,
    "equivocation_tolerated": Outcome.DECIDED,
    "gpu_order": Outcome.DECIDED,
    "lazy_majority": Outcome.WRONG_OUTPUT,
    "lazy_minority": Outcome.DECIDED,
    "lossy_chain": Outcome.DECIDED,
    "majority_drift": Outcome.DECIDED,
    "missing_model": Outcome.DECIDED,
    "missing_model_third": Outcome.DECIDED,
    "one_call": Outcome.DECIDED,
    "partition_chain": Outcome.DECIDED,
    "partition_heals": Outcome.DECIDED,
    "quantised_substitute": Outcome.DECIDED,
    "random_operator": Outcome.DECIDED,
    "silent_third": Outcome.HALT,
    "tolerance_drift": Outcome.DECIDED,
    "tolerance_substitute": Outcome.DECIDED,
    "twins_fork": Outcome.FORK,
    "u8s8_split": Outcome.HALT,
    "wrong_model": Outcome.DECIDED,
    "wrong_model_two_thirds": Outcome.WRONG_OUTPUT,
}


def test_every_shipped_scenario_is_known() -> None:
    """None is left out of the test below."""
    assert list_shipped() == tuple(KNOWN)


@pytest.mark.parametrize("name", KNOWN)
def test_known_outcome_comes_out_twice(name: str) -> None:
    """As the file expects, down to who disagrees and who is named; one seed, one trace."""
    if "drift" in name and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("kernels of x86 processors")
    scenario = load_scenario(find_scenario(name))
    traces = Trace(keep=True), Trace(keep=True)
    first, second = (run_scenario(scenario, trace) for trace in traces)
    assert find_surprises(first, scenario.expect) == ()
    assert first.outcome is KNOWN[name]
    assert traces[0].lines == traces[1].lines
    assert first == second


@pytest.mark.parametrize(
    ("powers", "outcome"),
    [
        ((33, 33, 34), Outcome.DECIDED),  # 66 of 100 lie or copy
        ((34, 33, 33), Outcome.WRONG_OUTPUT),  # 67
        ((1, 1, 1), Outcome.HALT),  # 2 of 3 are not more than two thirds, nor are others
        ((60, 8, 32), Outcome.WRONG_OUTPUT),
    ],
)
def test_a_lie_becomes_final_with_more_than_two_thirds_of_the_power(
    powers: tuple[int, ...], outcome: Outcome, tmp_path: Path
) -> None:
    """A liar, who may propose, and a lazy one, against an honest one."""
    file = tmp_path / "lazy.toml"
    file.write_text(
        f"powers = {list(powers)}\nheights = 4\nmodel = [{{ sample = 'digits_exact' }}]\n"
        "faults.v0 = 'wrong-model'\nfaults.v1 = 'lazy'\n"
    )
    assert run_scenario(load_scenario(file)).outcome is outcome


@pytest.mark.parametrize(
    ("name", "outcome", "disagree"),
    [
        ("tolerance_drift", Outcome.HALT, ("v2", "v3")),
        ("majority_drift", Outcome.HALT, ("v3", "v4")),
        ("gpu_order", Outcome.DECIDED, ("v3",)),
        ("commit_reveal_lazy", Outcome.DECIDED, ()),
    ],
)
def test_exact_bits_end_otherwise_than_the_rule_of_a_scenario(
    name: str, outcome: Outcome, disagree: tuple[str, ...]
) -> None:
    """The same faults without the rule: halts where it decides, and a lazy one that nobody sees."""
    if "drift" in name and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip("kernels of x86 processors")
    scenario = load_scenario(find_scenario(name))
    result = run_scenario(replace(scenario, rule="exact", agreement="exact"))
    assert (result.outcome, result.disagree) == (outcome, disagree)
    assert not any(line.startswith("rule") for line in result.report)


def test_who_is_lazy_in_one_inference_runs_the_others(tmp_path: Path) -> None:
    """Two that copy the second output of a block still find out what is wrong with the first."""
    file = tmp_path / "lazy.toml"
    file.write_text(
        "heights = 4\ncalls = 2\nmodel = [{ sample = 'digits_exact' }]\n"
        "faults.v0 = 'wrong-model@at heights 5 at calls 0'\n"
        "faults.v1 = 'lazy@at calls 1'\nfaults.v2 = 'lazy@at calls 1'\n"
    )
    result = run_scenario(load_scenario(file))
    assert (result.outcome, result.disagree) == (Outcome.DECIDED, ("v0",))


def test_whose_proposals_never_become_final_is_checked() -> None:
    """One censor delays what two keep out: expected of one, it is a surprise."""
    one, two = (load_scenario(find_scenario(name)) for name in ("censorship", "censorship_third"))
    assert run_scenario(two).proposers == ("v1", "v2", "v3")
    (surprise,) = find_surprises(run_scenario(one), two.expect)
    assert surprise == "a value by v0 is final, none was expected"


@pytest.mark.parametrize(
    ("network", "outcome"),
    [
        ("heals_ms = 200000", Outcome.HALT),  # after the limit of 60 s
        ("gst_ms = 30000", Outcome.DECIDED),
        ("heals_ms = 30000", Outcome.DECIDED),
        ("loss_permille = 10", Outcome.HALT),  # never
    ],
)
def test_a_divided_chain_goes_on_when_the_network_is_whole(
    network: str, outcome: Outcome, tmp_path: Path
) -> None:
    """Blocks wait for the end of a partition, or for GST, as long as the scenario has time."""
    file = tmp_path / "divided.toml"
    file.write_text(
        "heights = 2\nmodel = [{ sample = 'digits_exact' }]\n"
        f"[network]\npartition = [['v0', 'v1'], ['v2', 'v3']]\n{network}\n"
    )
    result = run_scenario(load_scenario(file))
    assert (result.outcome, result.heights) == (outcome, 2 * (outcome is Outcome.DECIDED))


def test_a_lagging_validator_does_not_hear_of_blocks_across_a_partition(tmp_path: Path) -> None:
    """It stays behind while it is cut off, and executes what it missed after that."""
    file = tmp_path / "lagging.toml"
    file.write_text(
        "heights = 6\nmodel = [{ sample = 'digits_exact' }]\nfaults.v2 = 'delay(100)'\n"
        "[network]\npartition = [['v0', 'v1', 'v2'], ['v3']]\nheals_ms = 4000\n"
    )
    trace = Trace(keep=True)
    assert run_scenario(load_scenario(file), trace).outcome is Outcome.DECIDED
    signers = [line.partition("signed ")[2] for line in trace.lines if line.startswith("block")]
    assert signers[0] == "v0, v1, v2"
    assert signers[-1] == "v0, v1, v2, v3"


@pytest.mark.parametrize("rule", ["exact", "majority", "commit-reveal"])
def test_loss_and_restarts_cost_rounds_and_make_nobody_a_liar(rule: str, tmp_path: Path) -> None:
    """Who comes back late looks at old blocks: that is no other result for the new one."""
    file = tmp_path / "lossy.toml"
    file.write_text(
        f"heights = 30\nlimit_s = 10000\nrule = '{rule}'\nfaults.v1 = 'crash(3000)@random(0.1)'\n"
        "model = [{ sample = 'digits_exact' }]\n"
        "[network]\nlatency_ms = [5, 300]\nloss_permille = 50\nduplication_permille = 100\n"
    )
    result = run_scenario(load_scenario(file))
    assert (result.outcome, result.disagree) == (Outcome.DECIDED, ())


def test_trace_of_a_chain_tells_every_message() -> None:
    """Who was handed what and when, beside the blocks; the hash is over the lines."""
    trace = Trace(keep=True)
    result = run_scenario(load_scenario(find_scenario("commit_reveal_lazy")), trace)
    kinds = {line.split()[2] for line in trace.lines if re.match(r"[0-9]+ n[0-3] ", line)}
    assert kinds == {"next", "proposal", "prevote", "precommit", "committed", "claimed", "due",
                     "timeout"}  # fmt: skip
    text = "".join(line + "\n" for line in trace.lines)
    assert sha256(text.encode()).hexdigest() == result.trace_hash


def test_another_seed_gives_another_trace() -> None:
    """And the same kind of end."""
    scenario = load_scenario(find_scenario("crash_restart"))
    first, second = (run_scenario(replace(scenario, seed=seed)) for seed in (1, 2))
    assert first.trace_hash != second.trace_hash
    assert first.outcome is second.outcome is Outcome.DECIDED
