"""`scripts/rpc_compat`: a folder of exchanges against a node of ours, or against any other.

Prints passed and tried per method and what differs; exit code 1 if anything does.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tests.conformance.exchange import load_exchanges
from tests.conformance.replay import Outcome, count, replay
from tests.conformance.suite_node import SUITE, serve_suite


def main() -> int:
    parser = argparse.ArgumentParser(description="replay recorded JSON-RPC exchanges")
    parser.add_argument("folder", nargs="?", type=Path, default=SUITE)
    parser.add_argument("--url", help="a node that runs with the folder's chain; else one is made")
    arguments = parser.parse_args()
    exchanges = load_exchanges(arguments.folder)
    if not exchanges:
        print(f"no exchanges in {arguments.folder}", file=sys.stderr)
        return 1
    node: AbstractContextManager[str] = nullcontext(arguments.url)
    with node if arguments.url else serve_suite(arguments.folder) as url:
        outcomes = tuple(replay(url, exchanges))
    _report(outcomes)
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def _report(outcomes: tuple[Outcome, ...]) -> None:
    for outcome in outcomes:
        for difference in outcome.differences:
            print(f"{outcome.exchange.name}{difference}", file=sys.stderr)
    counts = count(outcomes)
    width = max(map(len, counts))
    for method, (passed, tried) in counts.items():
        print(f"{method:{width}}  {passed:3} of {tried:3}{'' if passed == tried else '  FAILED'}")
    passed = sum(outcome.passed for outcome in outcomes)
    print(f"{'all':{width}}  {passed:3} of {len(outcomes):3}")


if __name__ == "__main__":
    sys.exit(main())
