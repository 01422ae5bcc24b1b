"""A case follows from its number, and the command that is printed runs the same case."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from devnet.lab import case
from devnet.lab.case import build_case, describe_replay, run_case
from devnet.lab.simulation import Setup
from devnet.lab.trace import Trace

ROOT = Path(__file__).parents[2]


def test_printed_command_replays_the_case() -> None:
    """Same trace hash, exit 0 because all invariants hold."""
    trace = Trace()
    run_case(8, 4, 1, trace)
    command = shlex.split(describe_replay(8, 4, 1))
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert trace.digest in done.stdout


def test_trace_names_every_delivery() -> None:
    """Kept lines hash to the digest and say when, to whom and what."""
    trace = Trace(keep=True)
    verdict = run_case(3, 4, 1, trace)
    assert len(trace.lines) == trace.count > 1_000
    assert all(re.match(r"[0-9]+ n[0-9]+ [a-z]", line) for line in trace.lines)
    assert verdict.violations == ()


def test_cases_differ_and_are_repeatable() -> None:
    """Networks, faults and twins of all kinds come up."""
    setups = [build_case(seed, 7, 2) for seed in range(40)]
    assert setups == [build_case(seed, 7, 2) for seed in range(40)]
    assert len({repr(setup) for setup in setups}) == 40
    assert any(setup.twins for setup in setups)
    assert all(len(setup.faults) + len(setup.twins) == 2 for setup in setups)


def test_planted_error_is_found_by_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a quorum of two of four some case breaks agreement, and says so."""

    def build_weak(seed: int, validators: int, faulty: int) -> Setup:
        honest = build_case(seed, validators, faulty)
        return Setup(rules=honest.rules, faults=honest.faults, twins=honest.twins,
                     seed=honest.seed, quorum=2)  # fmt: skip

    monkeypatch.setattr(case, "build_case", build_weak)
    monkeypatch.setattr(case, "PATIENCE_US", 10_000_000)
    assert any(
        violation.startswith("agreement: height ")
        for seed in range(40)
        for violation in run_case(seed, 4, 1).violations
    )
