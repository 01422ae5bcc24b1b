"""Quantisation: a float model and sample inputs in, an exact integer model out.

    read the source -> spans on the samples -> lower each operator -> admit as `exact`

Nothing leaves unless every operator has an integer form and admission proves the profile.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from precompiles.models.admission import admit_model
from precompiles.models.graph import Array, Node
from precompiles.models.manifest import Manifest, Profile
from precompiles.quantization.calibration import cut_samples, measure_spans
from precompiles.quantization.entry import build_entry, choose_grid
from precompiles.quantization.grid import Grid, Span, build_output_grid
from precompiles.quantization.lowering import Indices, Lowering, Result
from precompiles.quantization.port import Port, write_metadata
from precompiles.quantization.refusal import (
    CannotQuantize,
    Obstacle,
    Unsupported,
    UnsupportedOperators,
)
from precompiles.quantization.rules import RULES
from precompiles.quantization.source import Source, read_source
from precompiles.quantization.value import Levels, Sum
from precompiles.tensor import DType, TensorType

_PLACEHOLDER = Grid(1.0, 0, 0, 255, DType.UINT8)


@dataclass(frozen=True, slots=True)
class Quantized:
    """An exact model, admitted, and what its integers stand for."""

    model: bytes
    manifest: Manifest
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def quantize_model(
    model: bytes,
    calibration: Mapping[str, Array],
    scales: Mapping[str, float] | None = None,
) -> Quantized:
    """Turn a float model into an exact integer one.

    Args:
        calibration: sample inputs by input name; the first axis counts samples.
        scales: fixes what one unit of an input or output stands for, by its name.

    Raises: UnsupportedOperators naming each operator without an integer form; BadCalibration if the
    data does not fit; CannotQuantize; NotAdmitted or TooLarge for a file no admission takes.
    """
    fixed = dict(scales or {})
    source = read_source(model, calibration)
    _check_operators(source)
    _check_scales(source, fixed)
    samples = cut_samples(source.inputs, calibration)
    lowering = Lowering(source, measure_spans(source, samples))
    inputs = tuple(
        _enter(lowering, source, tensor, samples.arrays[tensor.name], fixed.get(tensor.name))
        for tensor in source.inputs
    )
    _lower_operations(lowering, source)
    outputs = tuple(_leave(lowering, tensor, fixed.get(tensor.name)) for tensor in source.outputs)
    exact = lowering.graph.encode(
        "exact",
        [port.type for port in inputs],
        [port.type for port in outputs],
        write_metadata(
            port
            for port in (*inputs, *outputs)
            if not isinstance(lowering.results[port.type.name], Indices)
        ),
    )
    manifest = admit_model(exact)
    if manifest.profile is not Profile.EXACT:
        raise CannotQuantize(
            f"admission finds the integer form {manifest.profile.name.lower()}, not exact"
        )
    return Quantized(exact, manifest, inputs, outputs)


def _check_operators(source: Source) -> None:
    """Raises: UnsupportedOperators before anything runs."""
    unknown = tuple(
        _describe(operation, "no integer form yet")
        for operation in source.operations
        if operation.operator not in RULES
    )
    if unknown:
        raise UnsupportedOperators(unknown)


def _check_scales(source: Source, scales: Mapping[str, float]) -> None:
    names = [tensor.name for tensor in (*source.inputs, *source.outputs)]
    for name, scale in scales.items():
        if name not in names:
            raise CannotQuantize(
                f"a scale for '{name}', which is no input or output; those are {', '.join(names)}"
            )
        if not (np.isfinite(scale) and scale > 0):
            raise CannotQuantize(f"scale {scale} for '{name}'; give a positive number")


def _enter(
    lowering: Lowering, source: Source, tensor: TensorType, data: Array, scale: float | None
) -> Port:
    grid = choose_grid(source, tensor, data, scale)
    lowering.results[tensor.name] = build_entry(lowering, tensor, grid)
    return Port(TensorType(tensor.name, grid.dtype, tensor.shape), grid.scale, grid.zero)


def _lower_operations(lowering: Lowering, source: Source) -> None:
    """Raises: UnsupportedOperators naming every operation its rule refuses."""
    obstacles: list[Obstacle] = []
    for operation in source.operations:
        try:
            results = RULES[operation.operator](lowering, operation)
        except Unsupported as refused:
            obstacles.append(_describe(operation, str(refused)))
            results = tuple(_stand_in(lowering, name) for name in operation.outputs if name)
        lowering.results.update(zip(filter(None, operation.outputs), results, strict=False))
    if obstacles:
        raise UnsupportedOperators(tuple(obstacles))


def _describe(operation: Node, reason: str) -> Obstacle:
    return Obstacle(operation.operator, operation.name or operation.outputs[0], reason)


def _stand_in(lowering: Lowering, name: str) -> Result:
    """A value for what could not be lowered, so that the rest is still looked at."""
    shape = lowering.shape(name)
    linear = Levels(name, _PLACEHOLDER, shape).to_linear()
    span = lowering.span(name) if lowering.is_float(name) else Span(0.0, 1.0)
    return Sum(lowering.graph, name, span, linear)


def _leave(lowering: Lowering, tensor: TensorType, scale: float | None) -> Port:
    result = lowering.results[tensor.name]
    if isinstance(result, Indices):
        lowering.graph.finish(result.name, tensor.name)
        return Port(tensor, 1.0, 0)
    grid = build_output_grid(result.span, scale)
    lowering.graph.finish(result.on(grid).name, tensor.name)
    return Port(TensorType(tensor.name, grid.dtype, tensor.shape), grid.scale, grid.zero)
