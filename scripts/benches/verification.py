"""What a proof bundle weighs, and how long each part of checking it takes.

By validators and by changes of their set before the block; the model is the exact digit reader.
Processor time, so that what else runs here does not count.
"""

import json
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence

from bundles.paper import Chain
from bundles.runs import run_exact

from devnet.consensus.set_change import Update
from devnet.verification.bundle import Bundle, dump_bundle, parse_bundle
from devnet.verification.claims import check_claims
from devnet.verification.execution import check_run
from devnet.verification.step import Mark, Step

_SIZES = ((1, 0), (4, 0), (32, 0), (4, 10), (32, 10))  # validators, changes
_REPEATS = 9
_COLUMNS = {"validator set": "sets ms", "signatures": "signatures ms", "execution": "execution ms"}


def measure() -> Sequence[Mapping[str, object]]:
    """One row for each size."""
    return [_measure_one(*size) for size in _SIZES]


def _measure_one(validators: int, changes: int) -> Mapping[str, object]:
    text = json.dumps(dump_bundle(_build(validators, changes)))
    runs = [_time(text) for _ in range(_REPEATS)]
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    total = statistics.median(sum(run.values()) for run in runs)
    row = {"validators": validators, "changes": changes, "bytes": len(text)}
    return {**row, **medians, "all ms": total}


def _build(validators: int, changes: int) -> Bundle:
    chain = Chain((2,) * validators)
    first = chain.get_set(1).members[0].address
    for number in range(changes):
        chain.add_block(changes=[Update(first, 2 + (number + 1) % 2)])
    chain.add_block()
    chain.add_block()
    chain.add_block(run_exact())
    return chain.build_bundle(len(chain.blocks))


def _time(text: str) -> dict[str, float]:
    """Milliseconds by part."""
    began = time.process_time()
    bundle = parse_bundle(text)
    spent = {"reading ms": (time.process_time() - began) * 1_000}
    steps = (*_clock(check_claims(bundle, None)), *_clock(check_run(bundle, run_exact().model)))
    for step, milliseconds in steps:
        assert step.mark is Mark.HOLDS, step
        column = _COLUMNS.get(step.name, "hashes ms")
        spent[column] = spent.get(column, 0.0) + milliseconds
    return spent


def _clock(steps: Iterator[Step]) -> Iterator[tuple[Step, float]]:
    """Each step, and how long it took."""
    while True:
        began = time.process_time()
        step = next(steps, None)
        if step is None:
            return
        yield step, (time.process_time() - began) * 1_000
