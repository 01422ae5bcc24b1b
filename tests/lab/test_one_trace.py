"""One seed, one trace: in another process, under other hash seeds, and on the newest Python."""

from __future__ import annotations

import os
import re
import sys
from functools import cache

import pytest
from hosts.host import ROOT, Host, build_newest

from devnet.lab.case import run_case
from devnet.lab.scenario.reading import find_scenario, load_scenario
from devnet.lab.scenario.run import run_scenario
from devnet.lab.trace import Trace

pytestmark = pytest.mark.slow
SEED, VALIDATORS, FAULTY = 11, 7, 2
CASE = (str(ROOT / "scripts" / "replay"), str(SEED), "--validators", str(VALIDATORS),
        "--faulty", str(FAULTY))  # fmt: skip
SCENARIOS = ("partition_heals", "one_call")  # the protocol alone, and with blocks and inferences
TIMEOUT_S = 300


@cache
def compute_case() -> str:
    """Trace hash of an arbitrary network and arbitrary faults, in this process."""
    trace = Trace()
    run_case(SEED, VALIDATORS, FAULTY, trace)
    return trace.digest


@cache
def compute_scenario(name: str) -> str:
    """Trace hash of a scenario file, in this process."""
    return run_scenario(load_scenario(find_scenario(name)), Trace()).trace_hash


def find_newest() -> Host:
    """Fails where everything must pass, and says what is missing."""
    try:
        return build_newest()
    except LookupError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def read_hash(host: Host, *arguments: str) -> str:
    """The trace hash that a program prints there."""
    said = host.run(arguments, TIMEOUT_S)
    (found,) = re.findall(r"trace ([0-9a-f]{64})", said)
    return str(found)


def check(host: Host) -> None:
    """A case and both scenarios give there what they give here."""
    assert read_hash(host, *CASE) == compute_case()
    for name in SCENARIOS:
        found = read_hash(host, "-m", "devnet", "lab", "run", name)
        assert found == compute_scenario(name), name


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_the_order_of_hashes_leaves_no_trace(seed: str) -> None:
    """Sets and dictionaries may be laid out as they like."""
    check(Host(f"hash seed {seed}", (sys.executable,), {"PYTHONHASHSEED": seed}))


def test_the_newest_python_gives_the_same_trace() -> None:
    """With all packages as they are pinned, for that Python."""
    newest = find_newest()
    version = newest.run(("-c", "import sys; print(sys.version_info[:2])"), TIMEOUT_S)
    assert version.strip() == "(3, 13)"
    check(newest)


def test_another_seed_gives_another_trace() -> None:
    """The hash says something."""
    trace = Trace()
    run_case(SEED + 1, VALIDATORS, FAULTY, trace)
    assert trace.digest != compute_case()
