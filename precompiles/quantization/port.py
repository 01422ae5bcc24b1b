"""Ports: inputs and outputs of an exact model, and the reals their integers stand for.

    real = scale * (integer - zero point)

Kept in the model's metadata as `devnet.scale.<name>` and `devnet.zero_point.<name>`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import onnx

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.graph import Array, read_graph
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
        """Integers nearest to the reals, saturated at the type's ends; a float port's own reals."""
        dtype = NUMPY_DTYPES[self.type.dtype]
        if self.type.dtype.is_float:
            return np.asarray(reals).astype(dtype)
        ends = np.iinfo(dtype)
        levels = np.rint(np.asarray(reals, np.float64) / self.scale) + self.zero_point
        kept: Array = np.clip(levels, ends.min, ends.max).astype(dtype)
        return kept

    def decode(self, integers: Array) -> Floats:
        """The reals the integers stand for."""
        return (np.asarray(integers, np.float64) - self.zero_point) * self.scale


def write_metadata(ports: Iterable[Port]) -> dict[str, str]:
    """Metadata of a model with these ports."""
    metadata: dict[str, str] = {}
    for port in ports:
        metadata[SCALE + port.type.name] = repr(port.scale)
        metadata[ZERO_POINT + port.type.name] = str(port.zero_point)
    return metadata


def read_ports(model: bytes) -> tuple[tuple[Port, ...], tuple[Port, ...]]:
    """Inputs and outputs of a model that admission takes; where nothing is stated, scale 1."""
    graph = read_graph(model)
    stated = {entry.key: entry.value for entry in onnx.ModelProto.FromString(model).metadata_props}

    def read(types: Sequence[TensorType]) -> tuple[Port, ...]:
        return tuple(
            Port(
                kind,
                float(stated.get(SCALE + kind.name, "1")),
                int(stated.get(ZERO_POINT + kind.name, "0")),
            )
            for kind in types
        )

    return read(graph.inputs), read(graph.outputs)
