"""The portable evaluator beside ONNX Runtime with one thread: time, and error against float64.

Seconds are of processor time, so that what else runs on the machine counts little. `aim` is what
the ratio may be at most.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from portable.network import NETWORKS
from portable.truth import evaluate_truth

from benches.sample import build_product, build_samples
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.generation import generate_inputs
from precompiles.engine.portable.evaluator import build_program
from precompiles.engine.session import build_session
from precompiles.models.admission import admit_model
from precompiles.models.graph import read_graph
from precompiles.models.samples import list_samples, read_digits, read_sample

Array = npt.NDArray[Any]
_SEED, _ROUND = 0, "unit"
_AIMS = {"digits_float": 3.0, "matmul 512x512x512": 5.0, "CNN 60x60x3, 103 MMAC": 8.0}
_BUDGET_S, _LEAST = 1.0, 9


def measure() -> list[Mapping[str, Any]]:
    """One row a model: microseconds of both, their ratio, the largest error of both."""
    models = {name: read_sample(name) for name in list_samples() if name.endswith("_float")}
    models |= {sample.name: sample.model for sample in (build_product(512), *build_samples()[::2])}
    models |= {name: build() for name, build in NETWORKS.items()}
    return [_measure(name, model) for name, model in models.items()]


def _measure(name: str, model: bytes) -> Mapping[str, Any]:
    manifest = admit_model(model)
    graph = read_graph(model)
    program, session = build_program(graph), build_session(model)
    ((_, inputs),) = generate_inputs(manifest, _SEED, (_ROUND,))
    if name.startswith("digits"):
        inputs = (to_tensor(read_digits()[0][:1].astype(np.float32)),)
    feed = {kind.name: to_array(t) for kind, t in zip(manifest.inputs, inputs, strict=True)}
    arrays = list(feed.values())
    theirs, ours = _compute_medians_s(lambda: session.run(None, feed), lambda: program.run(arrays))
    cells = program.run(arrays)
    true = evaluate_truth(graph, feed)
    pairs = [
        (cells[program.names.index(kind.name)], result, true[kind.name])
        for kind, result in zip(manifest.outputs, session.run(None, feed), strict=True)
        if kind.dtype.is_float
    ]
    return {
        "model": name,
        "runtime us": theirs * 1e6,
        "portable us": ours * 1e6,
        "ratio": ours / theirs,
        "aim": _AIMS.get(name, ""),
        "runtime error": max(_find_error(result, exact) for _, result, exact in pairs),
        "portable error": max(_find_error(mine, exact) for mine, _, exact in pairs),
    }


def _find_error(result: Array, exact: Array) -> float:
    return float(np.max(np.abs(result.astype(np.float64) - exact)))


def _compute_medians_s(*actions: Callable[[], object]) -> list[float]:
    """Median processor seconds of each, taken in turns."""
    spent: list[list[float]] = [[] for _ in actions]
    for action in actions:
        action()
    deadline = time.perf_counter() + _BUDGET_S * len(actions)
    while len(spent[0]) < _LEAST or time.perf_counter() < deadline:
        for action, times in zip(actions, spent, strict=True):
            start = time.thread_time()
            action()
            times.append(time.thread_time() - start)
    return [statistics.median(times) for times in spent]
