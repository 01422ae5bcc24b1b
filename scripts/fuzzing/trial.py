"""Trial: one mutant through admission, and if admitted through both engines.

What may happen: a `PrecompileError`, or an admitted model that loads, runs on extreme inputs, gives
what its manifest declares, stays inside the proven intervals and, if exact, equals the reference.
"""

import random
import time

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import to_array, to_tensor
from precompiles.engine.portable.evaluator import Program, build_program
from precompiles.engine.reference.application import Undefined
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session, run_session
from precompiles.errors import PrecompileError, Revert
from precompiles.models.admission import build_manifest, judge_model
from precompiles.models.graph import Array, Graph, read_graph
from precompiles.models.manifest import Manifest, Profile
from precompiles.models.ranges.analysis import compute_ranges
from precompiles.tensor import DType, Tensor, TensorType, decode_tensors, encode_tensors

MAX_S = 1.0  # seconds of one admission
_SPECIAL = (0.0, -0.0, 1.0, -1.0, 1e38, -1e38, 1e-40, float("nan"), float("inf"), float("-inf"))


class Finding(Exception):
    """A mutant that did what it may not."""


def try_model(model: bytes, dice: random.Random) -> str:
    """Outcome in one word: refused, exact, portable or pinned.

    Raises: Finding, or whatever escaped.
    """
    started = time.perf_counter()
    try:
        graph = read_graph(model)
        manifest = build_manifest(model, graph, judge_model(graph))
    except Revert as refused:
        if not str(refused).isprintable() and len(str(refused)) > 2000:
            raise Finding(f"unreadable refusal: {refused!r}") from refused
        return "refused"
    finally:
        elapsed = time.perf_counter() - started
        if elapsed > MAX_S:
            raise Finding(f"admission took {elapsed:.2f} s")
    if manifest.work.macs < 10**8 and manifest.work.moved_bytes < 10**8:
        _run(model, graph, manifest, dice)
    return manifest.profile.name.lower()


def _run(model: bytes, graph: Graph, manifest: Manifest, dice: random.Random) -> None:
    facts = compute_ranges(graph)
    try:
        session = build_session(model)
    except PrecompileError as broken:
        raise Finding(f"admitted, and does not load: {broken}") from broken
    names = [kind.name for kind in manifest.outputs]
    program = build_program(graph) if manifest.profile is Profile.PORTABLE else None
    for mode in ("extreme", "any", "small"):
        feed = {kind.name: _draw(kind, mode, dice) for kind in manifest.inputs}
        try:
            outputs = run_session(session, names, feed)
        except PrecompileError as broken:
            raise Finding(f"admitted, and does not run on {mode} inputs: {broken}") from broken
        if program is not None:
            outputs = _run_program(program, manifest, feed)
        for kind, tensor in zip(manifest.outputs, outputs, strict=True):
            if (tensor.dtype, tensor.shape) != (kind.dtype, kind.shape):
                raise Finding(f"{kind} is declared, {tensor.dtype} {tensor.shape} came out")
            bound, values = facts.bounds.get(kind.name), to_array(tensor)
            if bound is None:
                continue
            if not bool(np.isfinite(values).all()):
                raise Finding(f"{kind} holds NaN or infinity, {bound} was proven")
            if int(np.floor(values.min())) < bound.low or int(np.ceil(values.max())) > bound.high:
                raise Finding(f"{kind} holds {values.min()}..{values.max()}, {bound} was proven")
        if manifest.profile is Profile.EXACT:
            _compare(graph, names, feed, outputs)


def _run_program(
    program: Program, manifest: Manifest, feed: dict[str, Array]
) -> tuple[Tensor, ...]:
    cells = program.run([feed[kind.name] for kind in manifest.inputs])
    return tuple(to_tensor(np.asarray(cells[index])) for index in program.outputs)


def _compare(
    graph: Graph, names: list[str], feed: dict[str, Array], outputs: tuple[Tensor, ...]
) -> None:
    try:
        arrays = evaluate(graph, feed)
    except Undefined as refused:
        raise Finding(f"exact, and the reference evaluator says: {refused}") from refused
    for name, tensor in zip(names, outputs, strict=True):
        if to_tensor(arrays[name]) != tensor:
            raise Finding(f"exact, and '{name}' differs from the reference evaluator")


def _draw(kind: TensorType, mode: str, dice: random.Random) -> Array:
    generator = np.random.default_rng(dice.randrange(1 << 32))
    dtype = NUMPY_DTYPES[kind.dtype]
    if kind.dtype is DType.BOOL:
        return generator.integers(0, 2, kind.shape).astype(dtype)
    if kind.dtype.is_float:
        if mode == "extreme":
            with np.errstate(all="ignore"):
                return generator.choice(np.array(_SPECIAL).astype(dtype), kind.shape)
        return np.asarray(generator.standard_normal(kind.shape) * 9).astype(dtype)
    limits = np.iinfo(dtype)
    if mode == "extreme":
        corners = [
            0,
            *(s * (1 << bit) + d for s in (1, -1) for bit in range(64) for d in (-1, 0, 1)),
        ]
        inside = [corner for corner in corners if limits.min <= corner <= limits.max]
        return generator.choice(np.array([*inside, limits.min, limits.max], dtype), kind.shape)
    if mode == "small":
        return generator.integers(0, 4, kind.shape).astype(dtype)
    return generator.integers(limits.min, limits.max, kind.shape, dtype=dtype, endpoint=True)


def try_tensors(data: bytes, head: int) -> str:
    """Decode call data; what decodes is encoded and decoded again.

    Raises: Finding, or whatever escaped.
    """
    try:
        tensors = decode_tensors(data, head)
    except Revert:
        return "refused"
    if decode_tensors(encode_tensors(tensors)) != tensors:
        raise Finding("decoded tensors do not survive encoding")
    return "decoded"
