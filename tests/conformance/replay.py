"""Replays recorded exchanges against a node and counts them by method."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.conformance.comparison import compare
from tests.conformance.exchange import Exchange

_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one exchange went; without differences it passed."""

    exchange: Exchange
    differences: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.differences


def replay(url: str, exchanges: Iterable[Exchange]) -> Iterator[Outcome]:
    """Ask everything in order, as one exchange may build on those before it."""
    for exchange in exchanges:
        yield Outcome(exchange, tuple(_ask_all(url, exchange)))


def count(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Passed and all exchanges of each method, in order of first appearance."""
    counts: dict[str, tuple[int, int]] = {}
    for outcome in outcomes:
        passed, tried = counts.get(outcome.exchange.method, (0, 0))
        counts[outcome.exchange.method] = (passed + outcome.passed, tried + 1)
    return counts


def _ask_all(url: str, exchange: Exchange) -> Iterator[str]:
    for recorded in exchange.rounds:
        answer = _post(url, recorded.request)
        method = recorded.method if exchange.is_spec_only else ""
        yield from compare(recorded.answer, answer, schema_of=method)


def _post(url: str, body: str) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body.encode(), headers)
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
        return json.loads(response.read())
