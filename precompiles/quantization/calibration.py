"""Calibration: samples cut from arrays, and the span of every float tensor on them.

Shapes: the first axis of each array counts samples; a sample is one row where the model's input has
a batch axis, and as many rows as its batch has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.session import build_session
from precompiles.models.graph import Array
from precompiles.quantization.grid import Span, join_spans
from precompiles.quantization.refusal import BadCalibration
from precompiles.quantization.source import Source
from precompiles.tensor import TensorType


@dataclass(frozen=True, slots=True)
class Samples:
    """What to feed a model, run by run, in the model's own dtypes."""

    arrays: Mapping[str, Array]  # (runs, *input shape)
    rows: int  # rows of the given arrays that one run takes

    @property
    def runs(self) -> int:
        return len(next(iter(self.arrays.values())))

    def feeds(self) -> Iterator[dict[str, Array]]:
        """The inputs of one run after the other."""
        for run in range(self.runs):
            yield {name: array[run] for name, array in self.arrays.items()}


def cut_samples(inputs: tuple[TensorType, ...], data: Mapping[str, Array]) -> Samples:
    """Split arrays into runs of a model with these inputs.

    Raises: BadCalibration naming the input, what was given and what fits.
    """
    missing = [tensor.name for tensor in inputs if tensor.name not in data]
    if missing:
        raise BadCalibration(
            f"no data for input '{missing[0]}'; the data has {', '.join(sorted(data)) or 'nothing'}"
        )
    cut = {tensor.name: _cut(tensor, np.asarray(data[tensor.name])) for tensor in inputs}
    counts = {name: len(array) for name, array in cut.items()}
    if min(counts.values()) < 1 or len(set(counts.values())) > 1:
        raise BadCalibration(f"every input needs the same number of samples, at least 1: {counts}")
    first = inputs[0]
    rows = len(np.asarray(data[first.name])) // counts[first.name]
    return Samples(cut, rows)


def measure_spans(source: Source, samples: Samples) -> dict[str, Span]:
    """Smallest and largest value of each float tensor over all runs.

    Raises: BadCalibration if a tensor is not a number on the data.
    """
    names = [
        name
        for operation in source.operations
        for name in operation.outputs
        if name and source.types[name].dtype.is_float
    ]
    spans: dict[str, Span] = {}
    for tensor in source.inputs:
        _extend(spans, tensor.name, samples.arrays[tensor.name])
    if names:
        session = build_session(_expose(source, names))
        for feed in samples.feeds():
            for name, array in zip(names, session.run(names, feed), strict=True):
                _extend(spans, name, array)
    return spans


def _extend(spans: dict[str, Span], name: str, array: Array) -> None:
    """Infinite elements, as a mask has them, do not count."""
    kept = array if np.isfinite([array.min(), array.max()]).all() else array[np.isfinite(array)]
    if np.isnan(array).any() or not kept.size:
        raise BadCalibration(f"'{name}' is not a number on the calibration data")
    span = Span(float(kept.min()), float(kept.max()))
    spans[name] = join_spans(spans[name], span) if name in spans else span


def _cut(tensor: TensorType, array: Array) -> Array:
    shape = tensor.shape
    if array.shape[1:] == shape:
        rows = array
    elif shape and array.shape[1:] == shape[1:] and array.ndim and len(array) >= shape[0] > 0:
        runs = len(array) // shape[0]
        rows = array[: runs * shape[0]].reshape(runs, *shape)
    else:
        raise BadCalibration(
            f"data for input '{tensor.name}' is {array.dtype}{list(array.shape)}; the model wants "
            f"{tensor}, so give [samples, {', '.join(map(str, shape[1:]))}]"
        )
    return rows.astype(NUMPY_DTYPES[tensor.dtype])


def _expose(source: Source, names: list[str]) -> bytes:
    """The source model with these tensors as its outputs."""
    proto = onnx.ModelProto.FromString(source.model)
    del proto.graph.output[:]
    proto.graph.output.extend(
        helper.make_tensor_value_info(
            name, int(source.types[name].dtype), list(source.types[name].shape)
        )
        for name in names
    )
    encoded: bytes = proto.SerializeToString()
    return encoded
