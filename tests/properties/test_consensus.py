"""Safety and liveness over many seeded heights: any network until GST, up to f faulty of any kind.

A failure prints the command that runs its case again, `scripts/replay SEED ...`.
"""

import pytest

from devnet.lab.case import HEIGHTS, describe_replay, run_case

# validators, faulty, cases of 40 heights in the daily suite, and in the slow one: 100,000 heights
SIZES = ((4, 0, 5, 100), (4, 1, 40, 1_450), (7, 2, 15, 600), (10, 3, 5, 350))
CHUNKS = 10  # so that a slow suite runs on several processors


def check_cases(validators: int, faulty: int, seeds: range) -> int:
    """Heights decided; fails with a command for each case that breaks an invariant."""
    heights, failures = 0, []
    for seed in seeds:
        verdict = run_case(seed, validators, faulty)
        heights += verdict.heights
        if verdict.violations:
            failures.append(f"{describe_replay(seed, validators, faulty)}: {verdict.violations[0]}")
    assert not failures, "\n".join(failures)
    return heights


@pytest.mark.parametrize(("validators", "faulty", "cases"), [row[:3] for row in SIZES])
def test_safety_and_liveness(validators: int, faulty: int, cases: int) -> None:
    """Agreement, validity, locks, certificates, one vote, and decision after GST."""
    seeds = range(1_000_000, 1_000_000 + cases)
    assert check_cases(validators, faulty, seeds) >= HEIGHTS * cases


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
@pytest.mark.parametrize(
    ("validators", "faulty", "cases"), [(n, f, many) for n, f, _, many in SIZES]
)
def test_safety_and_liveness_at_length(
    validators: int, faulty: int, cases: int, chunk: int
) -> None:
    """The same over 100,000 heights in all."""
    assert HEIGHTS * sum(row[3] for row in SIZES) >= 100_000
    size = cases // CHUNKS
    seeds = range(chunk * size, (chunk + 1) * size)
    assert check_cases(validators, faulty, seeds) >= HEIGHTS * size
