"""Comparison: every operator of a portable model against the runtime, on the same operands.

The runtime gets the graph cut apart: each intermediate is an input that holds our value, so no
difference hides behind another. Beyond the table's bound it is a bug or an attack: the host
abstains. Operands above 2^60 are passed over, since the runtime's own float32 sums overflow there.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from precompiles.engine.canonical import to_array
from precompiles.engine.generation import PORTABLE_ROUNDS, generate_inputs
from precompiles.engine.portable.evaluator import Step, build_program
from precompiles.engine.session import build_session, run_session
from precompiles.errors import RuntimeBroken
from precompiles.models.graph import Array, Graph, read_graph
from precompiles.models.manifest import Manifest
from precompiles.models.table.portable import find_formula

_PREFIX = "runtime/"  # of the runtime's results
_NUDGE = 2.0**-20  # relative, by turns up and down
_NUDGES = 8  # how many times what a nudge moves may lie between
_LARGE = 2.0**60
_QUOTIENTS = ("LpNormalization", "MeanVarianceNormalization")  # of 0 by 0 the runtime has NaN


def check_comparison(model: bytes, manifest: Manifest, seed: int) -> None:
    """Hold each operator to the runtime on generated inputs.

    Raises: RuntimeBroken naming the operator, the element and both values; NoRule.
    """
    graph = read_graph(model, dict(manifest.dimensions))
    program = build_program(graph)
    free = [name for name in graph.types if name not in graph.values]
    session = build_session(_cut(model, graph, free))
    names = [_PREFIX + name for node in graph.nodes for name in node.outputs if name]
    for label, inputs in generate_inputs(manifest, seed, PORTABLE_ROUNDS):
        cells = program.run([to_array(tensor) for tensor in inputs])
        values = dict(zip(program.names, cells, strict=False))
        feed = {name: np.asarray(values[name]) for name in free}
        theirs = run_session(session, names, feed)
        found = {name: to_array(tensor) for name, tensor in zip(names, theirs, strict=True)}
        with np.errstate(all="ignore"):
            for step in program.steps:
                _compare(step, cells, found, f"{label} inputs (seed {seed})")


def _cut(model: bytes, graph: Graph, free: list[str]) -> bytes:
    """The graph with every operand an input or a constant, and every result an output."""
    proto = onnx.ModelProto.FromString(model)
    body = proto.graph
    del body.input[:], body.output[:], body.value_info[:], body.initializer[:]
    for node in body.node:
        for index, name in enumerate(node.output):
            if name:
                node.output[index] = _PREFIX + name
                body.output.append(_declare(graph, name, _PREFIX + name))
    body.input.extend(_declare(graph, name, name) for name in free)
    body.initializer.extend(
        numpy_helper.from_array(np.ascontiguousarray(value).reshape(value.shape), name)
        for name, value in graph.values.items()
    )
    return bytes(proto.SerializeToString())


def _declare(graph: Graph, name: str, label: str) -> onnx.ValueInfoProto:
    kind = graph.types[name]
    return onnx.helper.make_tensor_value_info(label, int(kind.dtype), kind.shape)


def _compare(step: Step, cells: list[Any], found: Mapping[str, Array], where: str) -> None:
    operands = [cells[index] for index in step.reads]
    if any(_is_beyond(operand) for operand in operands) or _divides_by_zero(step, operands):
        return
    nudged: tuple[Array, ...] | None = None
    for place, (index, name) in enumerate(zip(step.writes, step.node.outputs, strict=True)):
        if not name:
            continue
        ours, theirs = np.asarray(cells[index]), found[_PREFIX + name]
        if np.array_equal(ours, theirs, equal_nan=ours.dtype.kind == "f"):
            continue
        if nudged is None:
            nudged = _nudge(step, operands)
        moved = np.abs(nudged[place].astype(np.float64) - ours.astype(np.float64))
        far = _find_far(step, operands, ours, theirs, moved)
        if far.any():
            at = tuple(int(axis) for axis in np.argwhere(far)[0])
            raise RuntimeBroken(
                f"runtime and portable evaluator differ beyond the bound on {where}: {step.node}, "
                f"'{name}' {list(at)}: {theirs[at]} against {ours[at]}"
            )


def _is_beyond(operand: Array | None) -> bool:
    if operand is None or operand.dtype.kind != "f":
        return False
    return bool((np.abs(operand[np.isfinite(operand)]) > _LARGE).any())


def _divides_by_zero(step: Step, operands: list[Any]) -> bool:
    """A scale of zero, whose quotients processors turn into different integers."""
    return step.node.operator == "QuantizeLinear" and bool((operands[1] == 0).any())


def _nudge(step: Step, operands: list[Any]) -> tuple[Array, ...]:
    """Results of the operator with every float operand a little off."""
    moved = []
    for operand in operands:
        if operand is not None and operand.dtype.kind == "f":
            signs = 1 - 2 * ((np.arange(operand.size) * 40_503 >> 4) & 1)
            factor = 1 + _NUDGE * signs.reshape(operand.shape)
            operand = (operand.astype(np.float64) * factor).astype(operand.dtype)
        moved.append(operand)
    results = step.compute(moved)
    return results if isinstance(results, tuple) else (np.asarray(results),)


def _find_far(step: Step, operands: list[Any], ours: Array, theirs: Array, moved: Array) -> Array:
    """Elements beyond the table's bound."""
    row = find_formula(step.node.operator)
    floats = any(a is not None and a.dtype.kind == "f" for a in (*operands, ours))
    differs: Array = (ours != theirs) & ~((ours != ours) & (theirs != theirs))
    if row is None or not floats:
        return differs
    if step.node.operator in ("Cast", "CastLike") and ours.dtype.kind in "iu":
        limits = np.iinfo(ours.dtype)  # what saturates differs between processors
        inside: Array = (ours != limits.min) & (ours != limits.max) & ~np.isnan(operands[0])
        return differs & inside
    if row.runtime is None:
        return differs
    distance: Array = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
    if ours.dtype.kind in "iu":
        return distance > row.runtime
    finite: Array = np.isfinite(ours) & np.isfinite(theirs)
    info = np.finfo(ours.dtype)
    largest = float(np.max(np.abs(ours), where=np.isfinite(ours), initial=0.0))
    shift = float(np.max(moved, where=np.isfinite(moved), initial=0.0))
    allowed = row.runtime * (float(info.eps) * largest + float(info.tiny)) + _NUDGES * shift
    if step.node.operator in _QUOTIENTS:
        differs = differs & (theirs == theirs)
    return differs & (~finite | (distance > allowed))
