"""Graphs: nodes and constants as ONNX bytes, the same bytes for the same parameters."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from onnx import ModelProto, NodeProto, TensorProto, checker, helper, numpy_helper

Constants: TypeAlias = Mapping[str, npt.ArrayLike]
Ports: TypeAlias = Mapping[str, tuple[int, Sequence[int]]]  # element type and shape by name

OPSET = 21
IR_VERSION = 10
FLOAT, UINT8 = TensorProto.FLOAT, TensorProto.UINT8
INT32, INT64 = TensorProto.INT32, TensorProto.INT64


def node(operator: str, inputs: str, output: str, **attributes: object) -> NodeProto:
    """One operator, named after its output; `inputs` are names with spaces between."""
    return helper.make_node(operator, inputs.split(), [output], output, **attributes)  # type: ignore[arg-type]


def encode(
    name: str,
    nodes: Sequence[NodeProto],
    constants: Constants,
    inputs: Ports,
    outputs: Ports,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    """A checked model as bytes. Float constants become float32."""
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(key, *port) for key, port in inputs.items()],
        [helper.make_tensor_value_info(key, *port) for key, port in outputs.items()],
        [numpy_helper.from_array(_narrow(value), key) for key, value in constants.items()],
    )
    model: ModelProto = helper.make_model(
        graph,
        producer_name="devnet",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, dict(metadata or {}))
    checker.check_model(model, full_check=True)
    encoded: bytes = model.SerializeToString(deterministic=True)
    return encoded


def _narrow(value: npt.ArrayLike) -> npt.NDArray[np.generic]:
    array = np.asarray(value)
    return array.astype(np.float32) if array.dtype == np.float64 else array
