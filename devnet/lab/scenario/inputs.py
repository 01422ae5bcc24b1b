"""Inputs of inferences, drawn from the seed: bytes of full range, other numbers of small ones."""

import numpy as np

from devnet.streams import Stream
from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import to_tensor
from precompiles.models.manifest import Manifest
from precompiles.tensor import Tensor, TensorType

_BYTE = 256


def draw_inputs(manifest: Manifest, stream: Stream) -> tuple[Tensor, ...]:
    """One set of inputs. Floats are multiples of 1/16 below 16, so that they are exact."""
    return tuple(_draw(kind, stream) for kind in manifest.inputs)


def _draw(kind: TensorType, stream: Stream) -> Tensor:
    dtype = NUMPY_DTYPES[kind.dtype]
    count = int(np.prod(kind.shape))
    drawn = np.array([stream.draw_below(_BYTE) for _ in range(count)])
    if kind.dtype.is_float:
        values = (drawn / 16).astype(dtype)
    elif dtype.itemsize == 1:
        values = drawn.astype(np.uint8).view(dtype) if dtype.kind != "b" else drawn % 2 == 1
    else:
        values = drawn.astype(dtype)
    return to_tensor(values.reshape(kind.shape))
