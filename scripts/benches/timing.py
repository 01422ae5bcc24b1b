"""Interleaved timing: A, B, A, B ..., so that a machine that slows down slows both."""

import statistics
import time
from collections.abc import Callable, Sequence


def compute_medians_s(
    actions: Sequence[Callable[[], object]], budget_s: float = 2.0, least: int = 15
) -> list[float]:
    """Median seconds of one call of each action.

    Args:
        budget_s: time to spend on all repetitions together.
        least: repetitions, however long they take.
    """
    for action in actions:
        action()
    times: list[list[float]] = [[] for _ in actions]
    deadline = time.perf_counter() + budget_s
    while len(times[0]) < least or time.perf_counter() < deadline:
        for action, spent in zip(actions, times, strict=True):
            start = time.perf_counter()
            action()
            spent.append(time.perf_counter() - start)
    return [statistics.median(spent) for spent in times]
