"""Report: a float model and its exact form side by side on the same data.

Positions (ArgMax) and rows of scores are compared by the choice they make, reals by their
difference; with labels, both are held against the labels as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from precompiles.engine.session import build_session
from precompiles.models.graph import Array
from precompiles.models.manifest import Profile, Work
from precompiles.quantization.calibration import Samples, cut_samples
from precompiles.quantization.linear import Floats
from precompiles.quantization.port import Port
from precompiles.quantization.quantize import Quantized
from precompiles.quantization.refusal import BadCalibration
from precompiles.quantization.source import Source, read_source


@dataclass(frozen=True, slots=True)
class ErrorOf:
    """Difference between two sets of reals."""

    max_abs: float
    mean_abs: float
    relative_rms: float  # root mean square over that of the reference


@dataclass(frozen=True, slots=True)
class OutputReport:
    """One output; what does not apply to it is None."""

    name: str
    error: ErrorOf | None  # exact form against float, in the float model's units
    agreement: float | None  # share of samples for which both choose the same
    accuracy_float: float | None  # share of samples labelled right
    accuracy_exact: float | None
    label_error_float: float | None  # mean absolute distance to real labels
    label_error_exact: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What quantisation changed, on the given data."""

    samples: int
    bytes_float: int
    bytes_exact: int
    profile: Profile
    work: Work  # of the exact form
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    results: tuple[OutputReport, ...]


def compare_models(
    model: bytes,
    quantized: Quantized,
    data: Mapping[str, Array],
    labels: Array | None = None,
) -> Report:
    """Run both on the data.

    Shapes: the first axis of each array counts samples, of `labels` too.
    Raises: BadCalibration if data or labels do not fit; RuntimeBroken if a model fails to run.
    """
    source = read_source(model, data)
    samples = cut_samples(source.inputs, data)
    count = samples.runs * samples.rows
    if labels is not None and len(labels) < count:
        raise BadCalibration(f"{len(labels)} labels for {count} samples; give one a sample")
    kept = None if labels is None else np.asarray(labels)[:count]
    before, after = _run_both(source, quantized, samples)
    return Report(
        samples=count,
        bytes_float=len(model),
        bytes_exact=len(quantized.model),
        profile=quantized.manifest.profile,
        work=quantized.manifest.work,
        inputs=quantized.inputs,
        outputs=quantized.outputs,
        results=tuple(
            _compare(tensor.name, tensor.dtype.is_float, before[i], after[i], kept)
            for i, tensor in enumerate(source.outputs)
        ),
    )


def _run_both(
    source: Source, quantized: Quantized, samples: Samples
) -> tuple[list[Floats], list[Floats]]:
    """Outputs of both in the float model's units, each (runs * rows, ...)."""
    names = [tensor.name for tensor in source.outputs]
    floats, exact = build_session(source.model), build_session(quantized.model)
    before: list[list[Array]] = [[] for _ in names]
    after: list[list[Array]] = [[] for _ in names]
    for feed in samples.feeds():
        encoded = {port.type.name: port.encode(feed[port.type.name]) for port in quantized.inputs}
        for kept, array in zip(before, floats.run(names, feed), strict=True):
            kept.append(np.asarray(array, np.float64))
        for kept, array, port in zip(
            after, exact.run(names, encoded), quantized.outputs, strict=True
        ):
            kept.append(port.decode(array))
    return _join(before, samples), _join(after, samples)


def _join(runs: list[list[Array]], samples: Samples) -> list[Floats]:
    """One array per output; the batch axis of a run, if the output has it, is unrolled."""
    joined = []
    for arrays in runs:
        stacked = np.stack(arrays)
        if stacked.ndim > 1 and stacked.shape[1] == samples.rows:
            stacked = stacked.reshape(-1, *stacked.shape[2:])
        joined.append(stacked)
    return joined


def _compare(
    name: str, real: bool, before: Floats, after: Floats, labels: Array | None
) -> OutputReport:
    choices = [_choose(outputs, real) for outputs in (before, after)]
    agreement = accuracies = distances = None
    if choices[0] is not None and choices[1] is not None:
        agreement = float((choices[0] == choices[1]).mean())
        accuracies = [_share_right(choice, labels) for choice in choices]
    elif labels is not None and labels.size == before.size:
        reals = labels.reshape(before.shape)
        distances = [float(np.abs(outputs - reals).mean()) for outputs in (before, after)]
    return OutputReport(
        name,
        _measure(before, after) if real else None,
        agreement,
        *(accuracies or (None, None)),
        *(distances or (None, None)),
    )


def _choose(outputs: Floats, real: bool) -> Floats | None:
    """The position an output chooses: itself, or that of its largest score."""
    if not real:
        return outputs
    if outputs.ndim < 2 or outputs.shape[-1] < 2:
        return None
    return np.asarray(outputs.argmax(axis=-1), np.float64)


def _share_right(choice: Floats | None, labels: Array | None) -> float | None:
    if choice is None or labels is None or choice.size != labels.size:
        return None
    return float((choice.reshape(-1) == labels.reshape(-1)).mean())


def _measure(before: Floats, after: Floats) -> ErrorOf:
    difference = np.abs(after - before)
    size = float(np.sqrt(np.square(before).mean()))
    rms = float(np.sqrt(np.square(difference).mean()))
    return ErrorOf(float(difference.max()), float(difference.mean()), rms / size if size else rms)
