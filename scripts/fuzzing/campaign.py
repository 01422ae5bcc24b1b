"""Campaign: mutants by the thousand in a worker process, so that a crash is a finding too.

The worker keeps the mutant it is about to try in a file; if it dies, that file is the finding.
"""

import random
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from fuzzing.application import build_application, list_bindings
from fuzzing.applications import APPLICATIONS
from fuzzing.hostile import build_hostile
from fuzzing.mutation import mutate_bytes, mutate_parts
from fuzzing.trial import Finding, try_model, try_tensors
from precompiles.models.samples import list_samples, read_sample
from precompiles.tensor import DType, Tensor, encode_tensors

MAX_BYTES = 4 << 30  # address space of a worker
_OPSETS = (13, 16, 18, 20, 21, 23)
_CURRENT = "current"  # file of the mutant being tried


def build_seeds(target: str, dice: random.Random) -> list[bytes]:
    """What is mutated."""
    if target == "tensors":
        return [_build_call(dice) for _ in range(64)]
    seeds = [read_sample(name) for name in list_samples()]
    seeds += [data for data in build_hostile().values() if len(data) < 1 << 16]
    for application in APPLICATIONS:
        for opset in (1, 3) if application.domain else _OPSETS:
            bindings = list(list_bindings(application, opset))
            for binding in dice.sample(bindings, min(len(bindings), 6)):
                seeds.append(build_application(application, opset, binding).SerializeToString())
    return seeds


def _build_call(dice: random.Random) -> bytes:
    tensors = []
    for _ in range(dice.randrange(4)):
        dtype = dice.choice(list(DType))
        shape = tuple(dice.randrange(4) for _ in range(dice.randrange(4)))
        size = dtype.size_bytes
        for side in shape:
            size *= side
        tensors.append(Tensor(dtype, shape, dice.randbytes(size)))
    return encode_tensors(tensors)


def run_worker(target: str, seed: int, seconds: float, folder: Path) -> Counter[str]:
    """Try mutants until the time is up; outcomes by name.

    Raises: Finding, or whatever escaped, with the mutant in `folder`.
    """
    resource.setrlimit(resource.RLIMIT_AS, (MAX_BYTES, MAX_BYTES))
    dice = random.Random(seed)
    seeds = build_seeds(target, dice)
    outcomes: Counter[str] = Counter()
    pool: list[bytes] = list(seeds)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        mutant = _mutate(target, pool, dice)
        (folder / _CURRENT).write_bytes(mutant)
        if target == "tensors":
            outcome = try_tensors(mutant, 32 * dice.randrange(2))
        else:
            outcome = try_model(mutant, dice)
            if outcome != "refused" and len(pool) < 4 * len(seeds) and len(mutant) < 1 << 16:
                pool.append(mutant)  # an admitted mutant is a seed for the next ones
        outcomes[outcome] += 1
    return outcomes


def _mutate(target: str, pool: Sequence[bytes], dice: random.Random) -> bytes:
    seed = dice.choice(pool)
    if target == "tensors" or dice.random() < 0.2:
        return mutate_bytes(seed, dice.choice(pool), dice)
    return mutate_parts(seed, dice)


def run_campaign(target: str, seconds: float, seed: int, keep: Path) -> tuple[Counter[str], int]:
    """Workers one after another; outcomes, and how many mutants were findings (kept in `keep`)."""
    keep.mkdir(parents=True, exist_ok=True)
    total: Counter[str] = Counter()
    found = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        seed += 1
        left = max(1.0, end - time.monotonic())
        command = [sys.executable, sys.argv[0], "--worker", target, str(seed), str(left), str(keep)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            total.update({name: int(n) for name, n in map(str.split, done.stdout.splitlines())})
            continue
        found += 1
        mutant = keep / f"{target}-{seed}-{found}"
        (keep / _CURRENT).replace(mutant)
        reason = (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1]
        print(f"{mutant}: exit {done.returncode}: {reason[:400]}", file=sys.stderr, flush=True)
    return total, found


def report_worker(target: str, seed: int, seconds: float, folder: Path) -> None:
    """Entry of a worker: outcomes on stdout, or death."""
    try:
        outcomes = run_worker(target, seed, seconds, folder)
    except Finding as finding:
        sys.exit(f"finding: {finding}")
    for name, count in sorted(outcomes.items()):
        print(name, count)
