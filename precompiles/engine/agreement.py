"""Agreement: an exact model gives equal bytes in the runtime and in the reference evaluator.

Checked at registration on generated inputs. A difference is a bug or an attack and never an
outcome, so this host abstains.

| round   | every integer input holds            | every float input holds              |
|---------|--------------------------------------|--------------------------------------|
| zero    | 0                                    | 0                                    |
| lowest  | the lowest value of its type         | the lowest finite value              |
| highest | the highest value of its type        | the highest finite value             |
| any     | bits of a stream                     | bits of a stream: NaN, inf, subnormal|
| varied  | a stream, of all magnitudes          | -128 to 127 of a stream              |
"""

from collections.abc import Iterator

import numpy as np

from precompiles.digest import compute_keccak
from precompiles.engine.canonical import NUMPY_DTYPES, to_array, to_tensor
from precompiles.engine.reference.application import OutOfBounds
from precompiles.engine.reference.evaluator import evaluate
from precompiles.engine.session import build_session, run_session
from precompiles.engine.trace import first_difference, trace_model, trace_reference
from precompiles.errors import RuntimeBroken
from precompiles.models.graph import Array, read_graph
from precompiles.models.manifest import Manifest
from precompiles.tensor import DType, Tensor, TensorType

ROUNDS = ("zero", "lowest", "highest", "any", "varied")
_FIXED = ROUNDS[:3]
_PERIOD = 65_521  # bytes drawn for one input, then repeated: a prime, so rows do not line up


def check_agreement(model: bytes, manifest: Manifest, seed: int) -> None:
    """Run an exact model in both engines on generated inputs.

    An index out of bounds is agreed on if both engines refuse it.

    Raises: RuntimeBroken naming the operator and element of the first difference; NoRule or
        Undefined if the reference evaluator has no answer, before the runtime sees the input.
    """
    graph, session = read_graph(model, dict(manifest.dimensions)), build_session(model)
    names = [kind.name for kind in manifest.outputs]
    for label, inputs in generate_inputs(manifest, seed):
        feed = {
            kind.name: to_array(tensor)
            for kind, tensor in zip(manifest.inputs, inputs, strict=True)
        }
        try:
            arrays = evaluate(graph, feed)
        except OutOfBounds as refused:
            _require_refusal(session, names, feed, f"{label} inputs: {refused}")
            continue
        expected = tuple(to_tensor(arrays[name]) for name in names)
        if run_session(session, names, feed) != expected:
            ours = trace_reference(model, manifest, inputs)
            found = first_difference(trace_model(model, manifest, inputs), ours)
            raise RuntimeBroken(
                f"runtime and reference evaluator differ on {label} inputs (seed {seed}): "
                f"{found or 'in the outputs alone'}"
            )


def _require_refusal(session: object, names: list[str], feed: dict[str, Array], what: str) -> None:
    try:
        run_session(session, names, feed)
    except RuntimeBroken:
        return
    raise RuntimeBroken(f"the runtime answers where the reference evaluator refuses: {what}")


def generate_inputs(manifest: Manifest, seed: int) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
    """One set of inputs for each of ROUNDS; equal arguments give equal bits everywhere."""
    for label in ROUNDS:
        yield label, tuple(_generate(kind, label, seed) for kind in manifest.inputs)


def _generate(kind: TensorType, label: str, seed: int) -> Tensor:
    dtype = NUMPY_DTYPES[kind.dtype]
    if kind.dtype is DType.BOOL:
        drawn = _draw(seed, f"{label}/{kind.name}", kind.size_bytes) & 1
        array = np.full(kind.shape, label == "highest") if label in _FIXED else drawn.view(dtype)
    elif label == "any":
        array = _draw(seed, f"{label}/{kind.name}", kind.size_bytes).view(dtype)
    elif label == "varied":
        array = _vary(kind, seed)
    elif label == "zero":
        array = np.zeros(kind.shape, dtype)
    else:
        limits = np.finfo(dtype) if kind.dtype.is_float else np.iinfo(dtype)
        array = np.full(kind.shape, limits.min if label == "lowest" else limits.max, dtype)
    return to_tensor(array.reshape(kind.shape))


def _vary(kind: TensorType, seed: int) -> Array:
    """By turns: any number of bits, the upper half all zeros, the upper half all ones."""
    dtype = NUMPY_DTYPES[kind.dtype]
    bits = _draw(seed, f"varied/{kind.name}", kind.size_bytes)
    if kind.dtype.is_float:
        return bits[:: dtype.itemsize].view(np.int8).astype(dtype)
    values = bits.view(dtype).copy()
    width = 8 * dtype.itemsize
    shifts = _draw(seed, f"shifts/{kind.name}", values.size) % width
    low = dtype.type((1 << (width // 2)) - 1)
    values[0::3] >>= shifts[0::3].astype(dtype)
    values[1::3] &= low
    values[2::3] |= ~low
    return values


def _draw(seed: int, name: str, count: int) -> Array:
    """`count` bytes: keccak(path, counter) up to _PERIOD, then over again."""
    path = b"agreement/" + seed.to_bytes(32, "big") + name.encode()
    wanted = max(min(count, _PERIOD), 1)
    blocks = (compute_keccak(path + i.to_bytes(4, "big")) for i in range(-(-wanted // 32)))
    return np.resize(np.frombuffer(b"".join(blocks), np.uint8)[:wanted], count)
