"""Ports: inputs and outputs of an exact model, and the reals their integers stand for.

    real = scale * (integer - zero point)

Kept in the model's metadata as `devnet.scale.<name>` and `devnet.zero_point.<name>`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from precompiles.engine.canonical import NUMPY_DTYPES
from precompiles.models.graph import Array
from precompiles.quantization.linear import Floats
from precompiles.tensor import TensorType

SCALE = "devnet.scale."
ZERO_POINT = "devnet.zero_point."


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output. Positions, as ArgMax gives them, have scale 1 and zero point 0."""

    type: TensorType
    scale: float
    zero_point: int

    def encode(self, reals: Array) -> Array:
        """Integers nearest to the reals, saturated at the type's ends."""
        dtype = NUMPY_DTYPES[self.type.dtype]
        ends = np.iinfo(dtype)
        levels = np.rint(np.asarray(reals, np.float64) / self.scale) + self.zero_point
        kept: Array = np.clip(levels, ends.min, ends.max).astype(dtype)
        return kept

    def decode(self, integers: Array) -> Floats:
        """The reals the integers stand for."""
        return (np.asarray(integers, np.float64) - self.zero_point) * self.scale


def write_metadata(ports: Sequence[Port]) -> dict[str, str]:
    """Metadata of a model with these ports."""
    metadata: dict[str, str] = {}
    for port in ports:
        metadata[SCALE + port.type.name] = repr(port.scale)
        metadata[ZERO_POINT + port.type.name] = str(port.zero_point)
    return metadata


def read_metadata(model: bytes) -> Mapping[str, tuple[float, int]]:
    """Scale and zero point by name, of every input and output that states them."""
    proto = onnx.ModelProto.FromString(model)
    stated = {entry.key: entry.value for entry in proto.metadata_props}
    return {
        key.removeprefix(SCALE): (
            float(value),
            int(stated.get(ZERO_POINT + key.removeprefix(SCALE), "0")),
        )
        for key, value in stated.items()
        if key.startswith(SCALE)
    }
