"""The network of a scenario: what its keys make of one message."""

from pathlib import Path

import pytest

from devnet.lab.scenario.links import build_links
from devnet.lab.scenario.reading import load_scenario
from devnet.lab.scenario.run import run_scenario
from devnet.lab.scenario.scenario import Network, Outcome
from devnet.network.fault import find_verdict
from devnet.network.rule import Link, Verdict
from devnet.streams import Stream

REGIONS = Network(regions=((0, 2), (1,)), region_ms=((1, 70), (90, 2)))


def judge(network: Network, sender: int, recipient: int, twins: tuple[int, ...] = ()) -> Verdict:
    """Delays of one message."""
    rules = build_links(network, (), twins=twins)
    return find_verdict(rules, Link(sender, recipient, 0, None), Stream(1, "links"))


@pytest.mark.parametrize(
    ("sender", "recipient", "delay_ms"), [(0, 2, 1), (0, 1, 70), (1, 2, 90), (1, 1, 2)]
)
def test_regions_say_how_long_a_message_takes(sender: int, recipient: int, delay_ms: int) -> None:
    """From the row of the sender's region, in the column of the recipient's."""
    assert judge(REGIONS, sender, recipient) == (delay_ms * 1_000,)


def test_the_second_copy_of_a_twin_is_in_its_region() -> None:
    """Node 3 is the second v1."""
    assert judge(REGIONS, 0, 3, twins=(1,)) == (70_000,)


def test_most_log_normal_delays_are_near_the_median() -> None:
    """At sigma 0.5 the middle half is between 0.71 and 1.40 medians."""
    rules = build_links(Network(log_normal=(40, 500)), ())
    stream = Stream(3, "links")
    verdicts = (find_verdict(rules, Link(0, 1, 0, None), stream) for _ in range(2_000))
    delays = sorted(verdict[0] for verdict in verdicts if verdict)
    assert 26_000 < delays[500] < 31_000
    assert 38_000 < delays[1_000] < 42_000
    assert 52_000 < delays[1_500] < 60_000


def test_what_is_held_back_comes_within_the_longest_latency() -> None:
    """Here every message is, and this one overtakes those of the constant latency."""
    network = Network(latency_ms=(30, 30), reordering_permille=1_000)
    verdict = judge(network, 0, 1)
    assert verdict is not None
    assert 0 < verdict[0] < 30_000


@pytest.mark.parametrize(
    "keys",
    [
        "log_normal = [60, 800]\nreordering_permille = 300",
        'regions = [["v0", "v3"], ["v1"], ["v2"]]\n'
        "region_ms = [[1, 80, 150], [80, 1, 200], [150, 200, 1]]\ngst_ms = 3000\n"
        "loss_permille = 200",
    ],
)
@pytest.mark.parametrize("model", ["", '[[model]]\nsample = "digits_exact"\n'])
def test_chains_and_protocol_decide_over_every_kind_of_latency(
    keys: str, model: str, tmp_path: Path
) -> None:
    """Twice with the same trace."""
    file = tmp_path / "case.toml"
    file.write_text(f"heights = 3\nlimit_s = 600\n[network]\n{keys}\n{model}")
    first, second = (run_scenario(load_scenario(file)) for _ in range(2))
    assert first.outcome is Outcome.DECIDED, first.report
    assert first == second
