"""Generated inputs: what a model is tried on at registration, equal on every host.

| round   | every integer input holds     | every float input holds                |
|---------|-------------------------------|----------------------------------------|
| zero    | 0                             | 0                                      |
| lowest  | the lowest value of its type  | the lowest finite value                |
| highest | the highest value of its type | the highest finite value               |
| any     | bits of a stream              | bits of a stream: NaN, inf, subnormal  |
| varied  | a stream, of all magnitudes   | -128 to 127 of a stream                |
| unit    | bits of a stream              | -1 to 127/128 of a stream              |
| spread  | bits of a stream              | either sign, magnitudes 2^-8 to 2^8    |
"""

from collections.abc import Iterator, Sequence

import numpy as np

from precompiles.digest import compute_keccak
from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import to_tensor
from precompiles.models.graph import Array
from precompiles.models.manifest import Manifest
from precompiles.tensor import DType, Tensor, TensorType

ROUNDS = ("zero", "lowest", "highest", "any", "varied")
PORTABLE_ROUNDS = ("zero", "varied", "unit", "spread")  # in reach of the runtime's float32 sums
_FIXED = ("zero", "lowest", "highest")
_PERIOD = 65_521  # bytes drawn for one input, then repeated: a prime, so rows do not line up


def generate_inputs(
    manifest: Manifest, seed: int, rounds: Sequence[str] = ROUNDS
) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
    """One set of inputs for each round; equal arguments give equal bits everywhere."""
    for label in rounds:
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
    elif label in ("unit", "spread"):
        array = _spread(kind, label, seed)
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


def _spread(kind: TensorType, label: str, seed: int) -> Array:
    """Floats below 1, or of magnitudes from 2^-8 to 2^8; integers are bits of a stream."""
    dtype = NUMPY_DTYPES[kind.dtype]
    bits = _draw(seed, f"{label}/{kind.name}", kind.size_bytes)
    if not kind.dtype.is_float:
        return bits.view(dtype)
    whole = bits[:: dtype.itemsize].view(np.int8)
    if label == "unit":
        return (whole.astype(np.float64) / 128).astype(dtype)
    scale = np.ldexp(1.0, (whole >> 4).astype(np.int32))
    return (np.where(whole & 1, -scale, scale) * (1 + (whole & 15) / 16)).astype(dtype)


def _draw(seed: int, name: str, count: int) -> Array:
    """`count` bytes: keccak(path, counter) up to _PERIOD, then over again."""
    path = b"agreement/" + seed.to_bytes(32, "big") + name.encode()
    wanted = max(min(count, _PERIOD), 1)
    blocks = (compute_keccak(path + i.to_bytes(4, "big")) for i in range(-(-wanted // 32)))
    return np.resize(np.frombuffer(b"".join(blocks), np.uint8)[:wanted], count)
