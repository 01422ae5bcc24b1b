"""Faults judge what they are about and pass everything else."""

import pytest

from devnet.errors import ConfigError
from devnet.network.fault import (
    Duplication,
    During,
    Loss,
    Partition,
    Reordering,
    UntilGst,
    find_verdict,
)
from devnet.network.latency import Constant
from devnet.network.rule import DROP, PASS, Link, Rule, Verdict
from devnet.streams import Stream


def judge(rule: Rule, sender: int = 0, recipient: int = 1, now: int = 0) -> Verdict:
    """One verdict."""
    return rule.judge(Link(sender, recipient, now, None), Stream(1, "fault"))


def count(rule: Rule, verdict: Verdict, times: int = 10_000) -> int:
    """How often a rule says so."""
    stream, link = Stream(2, "fault"), Link(0, 1, 0, None)
    return sum(rule.judge(link, stream) == verdict for _ in range(times))


def test_loss_loses_its_share_and_passes_the_rest() -> None:
    """A tenth, none, all."""
    assert 900 < count(Loss(100), DROP) < 1_100
    assert count(Loss(0), PASS) == count(Loss(1000), DROP) == 10_000


def test_duplication_delivers_two_copies() -> None:
    """Each with its own latency."""
    assert judge(Duplication(1000, Constant(5))) == (5, 5)
    assert 2_800 < count(Duplication(300, Constant(5)), (5, 5)) < 3_200


def test_reordering_holds_back_within_its_bound() -> None:
    """At least a microsecond, at most the bound."""
    stream, link = Stream(3, "fault"), Link(0, 1, 0, None)
    delays = [Reordering(1000, 50).judge(link, stream) for _ in range(2_000)]
    assert {delay for verdict in delays if verdict for delay in verdict} == set(range(1, 51))
    assert count(Reordering(0, 50), PASS) == 10_000


def test_partition_cuts_between_groups_only() -> None:
    """Within a group, and to and from who is in none, messages pass."""
    rule = Partition(((0, 1), (2,)))
    cut = {(a, b) for a in range(4) for b in range(4) if judge(rule, a, b) == DROP}
    assert cut == {(0, 2), (1, 2), (2, 0), (2, 1)}


def test_node_in_two_groups_is_refused() -> None:
    """A partition puts each node on one side."""
    with pytest.raises(ConfigError, match="node 1 is in two groups"):
        Partition(((0, 1), (1, 2)))


def test_partition_heals() -> None:
    """From its start to before its end."""
    rule = During(Partition(((0,), (1,))), 100, 200)
    assert [judge(rule, now=now) for now in (99, 100, 199, 200)] == [PASS, DROP, DROP, PASS]


def test_before_gst_anything_and_after_it_the_bound() -> None:
    """What is not lost arrives by GST plus bound; later messages are for the rules behind."""
    rule = UntilGst(1_000, 50, (Loss(0), Constant(10_000)))
    assert judge(rule, now=0) == (1_050,)
    assert judge(rule, now=990) == (60,)
    assert judge(rule, now=1_000) == PASS
    assert judge(UntilGst(1_000, 50, (Loss(1000),)), now=0) == DROP
    assert judge(UntilGst(1_000, 50, (Loss(0),)), now=0) == PASS


def test_first_verdict_wins() -> None:
    """Later rules are not asked."""
    link, stream = Link(0, 1, 0, None), Stream(1, "fault")
    assert find_verdict((Loss(0), Constant(1), Loss(1000)), link, stream) == (1,)
    assert find_verdict((Loss(1000), Constant(1)), link, stream) == DROP
    assert find_verdict((Loss(0),), link, stream) == PASS
    assert find_verdict((), link, stream) == PASS
