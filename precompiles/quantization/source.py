"""Source: the float model read for quantisation, its dimensions bound and its constants folded.

Symbolic dimensions are bound from the calibration data: the batch to one, the rest as the data has.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import onnx
from google.protobuf.message import DecodeError

from precompiles.models.graph import Array, Node, read_graph
from precompiles.quantization.folding import fold_constants
from precompiles.quantization.refusal import BadCalibration, CannotQuantize
from precompiles.tensor import TensorType


@dataclass(frozen=True, slots=True)
class Source:
    """A float model in execution order, every type and shape known."""

    model: bytes
    operations: tuple[Node, ...]
    types: Mapping[str, TensorType]
    constants: Mapping[str, Array]
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]


def read_source(model: bytes, calibration: Mapping[str, Array]) -> Source:
    """Read a float model.

    Raises: NotAdmitted or TooLarge for a file that no admission takes; BadCalibration if an input
    has no data; CannotQuantize if there is nothing to quantise.
    """
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(model)
    except DecodeError as broken:
        raise CannotQuantize(f"not an ONNX file, or cut short: {broken}") from broken
    _bind_dimensions(proto, calibration)
    proto = fold_constants(proto)
    _declare_outputs(proto)
    encoded = proto.SerializeToString()
    graph = read_graph(encoded)
    if not any(tensor.dtype.is_float for tensor in graph.types.values()):
        raise CannotQuantize("no float tensor in the model: it is integer already")
    return Source(encoded, graph.nodes, graph.types, graph.constants, graph.inputs, graph.outputs)


def _bind_dimensions(proto: onnx.ModelProto, calibration: Mapping[str, Array]) -> None:
    constants = {tensor.name for tensor in proto.graph.initializer}
    bound: dict[str, int] = {}
    for value in proto.graph.input:
        if value.name in constants:
            continue
        shape = value.type.tensor_type.shape
        for axis, dimension in enumerate(shape.dim):
            if not dimension.HasField("dim_value"):
                size = 1 if axis == 0 else _read_size(value.name, axis, len(shape.dim), calibration)
                size = bound.setdefault(dimension.dim_param or f"{value.name}.{axis}", size)
                dimension.dim_value = size
    del proto.graph.value_info[:]
    for value in proto.graph.output:
        value.type.tensor_type.ClearField("shape")


def _read_size(name: str, axis: int, rank: int, calibration: Mapping[str, Array]) -> int:
    """Size of one axis of the model's input, its first axis being the batch."""
    if name not in calibration or calibration[name].ndim != rank:
        raise BadCalibration(
            f"dimension {axis} of input '{name}' is dynamic: give calibration data of rank {rank} "
            "under that name, or export the model with static shapes"
        )
    return int(calibration[name].shape[axis])


def _declare_outputs(proto: onnx.ModelProto) -> None:
    """Give the outputs the shapes that follow from the inputs, now bound."""
    inferred = onnx.shape_inference.infer_shapes(proto, data_prop=True).graph.output
    del proto.graph.output[:]
    proto.graph.output.extend(inferred)
