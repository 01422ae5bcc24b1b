"""Latencies are whole microseconds, drawn from the seed alone, with the shape their name says."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.errors import ConfigError
from devnet.network.latency import (
    Constant,
    LogNormal,
    Regions,
    Uniform,
    build_regions,
    compute_exp,
)
from devnet.network.rule import Link, Rule
from devnet.streams import Stream


def draw_many(rule: Rule, count: int = 20_000, sender: int = 0, recipient: int = 1) -> list[int]:
    """Delays on one link."""
    stream = Stream(5, "latency")
    link = Link(sender, recipient, 0, None)
    verdicts = [rule.judge(link, stream) for _ in range(count)]
    return [delay for verdict in verdicts if verdict for delay in verdict]


def test_constant_is_constant() -> None:
    """Every message takes the same time."""
    assert set(draw_many(Constant(7_000), 100)) == {7_000}


@given(least=st.integers(0, 10**6), spread=st.integers(0, 10**6))
def test_uniform_stays_within_its_bounds(least: int, spread: int) -> None:
    """Both ends included, nothing outside."""
    delays = draw_many(Uniform(least, least + spread), 50)
    assert all(least <= delay <= least + spread for delay in delays)


def test_uniform_reaches_both_ends_and_is_even() -> None:
    """Four values, a quarter each."""
    delays = draw_many(Uniform(1, 4))
    assert set(delays) == {1, 2, 3, 4}
    assert all(4_700 < delays.count(value) < 5_300 for value in (1, 2, 3, 4))


@pytest.mark.parametrize("sigma", [100, 500, 1000])
def test_log_normal_has_its_median_and_spread(sigma: int) -> None:
    """Quantiles of the logarithm are those of a normal distribution."""
    delays = sorted(draw_many(LogNormal(40_000, sigma)))
    for share, z in ((0.5, 0.0), (0.841, 1.0), (0.159, -1.0), (0.977, 2.0)):
        expected = 40_000 * math.exp(z * sigma / 1000)
        assert delays[int(share * len(delays))] == pytest.approx(expected, rel=0.06 * sigma / 500)


@given(x=st.integers(-(20 << 32), 12 << 32))
def test_exponential_in_integers_is_the_exponential(x: int) -> None:
    """Within two units of the last place, or a part in 2^28."""
    exact = math.exp(x / 2**32)
    assert abs(compute_exp(x) / 2**32 - exact) <= exact / 2**26 + 2**-31


def test_draws_are_pinned() -> None:
    """Another value would change every recorded trace."""
    assert draw_many(LogNormal(40_000, 500), 4) == [54517, 36684, 123391, 81256]
    assert draw_many(Uniform(0, 10**6), 4) == [600168, 559482, 264416, 979190]


def test_regions_use_the_matrix_both_ways() -> None:
    """Delay by the sender's and the recipient's region; jitter only adds."""
    rule = build_regions((0, 1, 1), ((1, 80), (90, 2)))
    assert draw_many(rule, 1, 0, 1) == [80_000]
    assert draw_many(rule, 1, 1, 0) == [90_000]
    assert draw_many(rule, 1, 1, 2) == [2_000]
    jittered = Regions((0, 1), ((1_000, 80_000), (90_000, 2_000)), 100)
    delays = draw_many(jittered, 500)
    assert min(delays) >= 80_000
    assert 87_000 < max(delays) <= 88_000


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: Regions((0,), ((1, 2),)), "square"),
        (lambda: Regions((0, 2), ((1, 2), (3, 4))), "not among the 2"),
    ],
)
def test_impossible_regions_are_refused(build: Callable[[], Regions], words: str) -> None:
    """A matrix that is no square, a node in no region."""
    with pytest.raises(ConfigError, match=words):
        build()
