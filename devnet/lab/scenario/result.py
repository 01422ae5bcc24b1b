"""What came out of a scenario, and how that differs from what was expected."""

from collections.abc import Iterator
from dataclasses import dataclass

from devnet.lab.scenario.scenario import Expectation, Outcome


@dataclass(frozen=True, slots=True)
class Result:
    """One run; equal scenarios and seeds give equal results on one host."""

    outcome: Outcome
    heights: int  # decided by all who could
    disagree: tuple[str, ...]  # who found another result than most, sorted
    culprits: tuple[str, ...]  # whom evidence names, sorted
    proposers: tuple[str, ...]  # whose values are final, sorted
    report: tuple[str, ...]  # what happened, a line each
    trace_hash: str


def find_surprises(result: Result, expected: Expectation) -> tuple[str, ...]:
    """What is not as expected; empty if all is."""
    return tuple(_compare(result, expected))


def _compare(result: Result, expected: Expectation) -> Iterator[str]:
    if result.outcome is not expected.outcome:
        yield f"outcome is {result.outcome.value}, expected {expected.outcome.value}"
    for what in ("disagree", "culprits"):
        found, wanted = getattr(result, what), getattr(expected, what)
        if wanted is not None and found != wanted:
            yield f"{what}: {_list(found)}, expected {_list(wanted)}"
    for name in expected.excluded:
        if name in result.proposers:
            yield f"a value by {name} is final, none was expected"
    text = "\n".join(result.report)
    for words in expected.says:
        if words not in text:
            yield f"the report does not say '{words}'"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "nobody"
