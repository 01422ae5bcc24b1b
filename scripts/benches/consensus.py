"""Consensus without a chain: events per second beside a bare heap, in one run.

An event is what a validator's process is given: a message (its own included) or a timer. The bare
loop pushes as many entries with random times onto a `heapq` and pops them all. Aim: at least 0.3 of
its speed from 4 to 32 validators, and 128 validators at most 20 times the cost of 32.
"""

import gc
import heapq
import statistics
import time
from collections.abc import Mapping
from typing import Any

from devnet.lab.simulation import Setup, Simulation
from devnet.streams import Stream

_SIZES = ((4, 1_500), (7, 600), (16, 120), (32, 40), (128, 3))  # validators, heights
_REPETITIONS = 5


def measure() -> list[Mapping[str, Any]]:
    """One row a size: medians over repetitions of simulation and bare loop in turn."""
    rows: list[Mapping[str, Any]] = []
    cost_of_32 = 0.0
    for validators, heights in _SIZES:
        ours, bare, ratios = [], [], []
        events = 0
        for repetition in range(_REPETITIONS):
            events, seconds = _simulate(validators, heights, repetition)
            loop = _run_heap(events, repetition)
            ours.append(seconds)
            bare.append(loop)
            ratios.append(loop / seconds)
        cost = statistics.median(ours) / heights
        cost_of_32 = cost if validators == 32 else cost_of_32
        rows.append(
            {
                "validators": validators,
                "events a height": events // heights,
                "ms a height": 1e3 * cost,
                "events/s": events / statistics.median(ours),
                "bare heap/s": events / statistics.median(bare),
                "ratio": statistics.median(ratios),
                "cost against 32": cost / cost_of_32 if validators > 32 else "",
            }
        )
    return rows


def _simulate(validators: int, heights: int, seed: int) -> tuple[int, float]:
    """Events and processor seconds: other processes on the host do not count."""
    simulation = Simulation(Setup(powers=(1,) * validators, seed=seed))
    gc.collect()  # what the last run has left is not this one's
    start = time.process_time()
    decided = simulation.run(heights, 10**12)
    seconds = time.process_time() - start
    assert decided, "an undisturbed network decides"
    own = heights * (1 + 2 * validators)  # what a validator says, it hears at once
    return simulation.fabric.delivered + own, seconds


def _run_heap(events: int, seed: int) -> float:
    """Processor seconds of the bare loop."""
    stream = Stream(seed, "heap")
    times = [stream.draw_word() for _ in range(events)]
    gc.collect()
    start = time.process_time()
    queue: list[tuple[int, int, object]] = []
    push, pop = heapq.heappush, heapq.heappop
    for number, at in enumerate(times):
        push(queue, (at, number, None))
    while queue:
        pop(queue)
    return time.process_time() - start
