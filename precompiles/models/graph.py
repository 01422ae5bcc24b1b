"""A model file read into a plain graph with every type and shape known, or refused.

Reads bytes only: external data, functions, subgraphs and foreign domains never get past here.
Source: ONNX IR specification, version 10; shapes by `onnx.shape_inference` in strict mode.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.tensor import MAX_RANK, MAX_TENSOR_BYTES, MAX_TENSORS, DType, TensorType

MAX_MODEL_BYTES = 1 << 26  # bytes of a model file
MAX_NODES = 10_000  # operators in a graph
MAX_NAME = 256  # bytes of a tensor name
MIN_OPSET, MAX_OPSET = 13, 23
MIN_IR, MAX_IR = 7, 11

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator application; a missing optional input is the empty name."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Graph:
    """A checked graph in execution order."""

    nodes: tuple[Node, ...]
    types: Mapping[str, TensorType]  # of every tensor, by name
    constants: Mapping[str, Array]  # initialisers, by name
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]


def read_graph(model: bytes) -> Graph:
    """Parse model bytes.

    Raises: NotAdmitted or TooLarge with what was found and what to do.
    """
    if len(model) > MAX_MODEL_BYTES:
        raise TooLarge(f"model of {len(model)} bytes, at most {MAX_MODEL_BYTES}")
    proto = _parse(model)
    _check_header(proto)
    _check_graph(proto.graph)
    typed = _infer_types(proto)
    types = _read_types(typed.graph)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    return Graph(
        nodes=tuple(_read_node(node) for node in proto.graph.node),
        types=types,
        constants=constants,
        inputs=tuple(
            types[value.name] for value in proto.graph.input if value.name not in constants
        ),
        outputs=tuple(types[value.name] for value in proto.graph.output),
    )


def _parse(model: bytes) -> onnx.ModelProto:
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(model)
    except DecodeError as broken:
        raise NotAdmitted(f"not an ONNX file, or cut short: {broken}") from broken
    if not proto.graph.node:
        raise NotAdmitted("not an ONNX model: no graph with operators; export it again")
    return proto


def _check_header(proto: onnx.ModelProto) -> None:
    if not MIN_IR <= proto.ir_version <= MAX_IR:
        raise NotAdmitted(f"IR version {proto.ir_version}; export with {MIN_IR} to {MAX_IR}")
    for opset in proto.opset_import:
        if opset.domain not in ("", "ai.onnx"):
            raise NotAdmitted(f"domain '{opset.domain}'; only standard ONNX operators are run")
        if not MIN_OPSET <= opset.version <= MAX_OPSET:
            raise NotAdmitted(f"opset {opset.version}; export with {MIN_OPSET} to {MAX_OPSET}")
    if proto.functions:
        raise NotAdmitted("model-local functions; inline them before export")
    if proto.training_info:
        raise NotAdmitted("training information; export for inference")


def _check_graph(graph: onnx.GraphProto) -> None:
    if len(graph.node) > MAX_NODES:
        raise TooLarge(f"{len(graph.node)} operators, at most {MAX_NODES}")
    if graph.sparse_initializer:
        raise NotAdmitted("sparse initialisers; store them dense")
    for tensor in graph.initializer:
        _check_tensor(tensor, f"initialiser '{tensor.name}'")
    for node in graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise NotAdmitted(f"operator {node.domain}.{node.op_type}; use standard operators")
        for attribute in node.attribute:
            where = f"attribute '{attribute.name}' of {node.op_type} '{node.name}'"
            if attribute.HasField("g") or attribute.graphs:
                raise NotAdmitted(f"{where} is a subgraph: control flow is not admitted")
            if attribute.HasField("sparse_tensor") or attribute.sparse_tensors:
                raise NotAdmitted(f"{where} is sparse; store it dense")
            for tensor in (attribute.t, *attribute.tensors):
                _check_tensor(tensor, where)


def _check_tensor(tensor: onnx.TensorProto, where: str) -> None:
    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise NotAdmitted(f"{where} points to external data; save the model as one file")


def _infer_types(proto: onnx.ModelProto) -> onnx.ModelProto:
    try:
        onnx.checker.check_model(proto)
        return onnx.shape_inference.infer_shapes(
            proto, check_type=True, strict_mode=True, data_prop=True
        )
    except (
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
        ValueError,
        RuntimeError,
    ) as broken:
        first = str(broken).strip().splitlines()[0]
        raise NotAdmitted(f"the graph is not valid ONNX: {first}") from broken


def _read_types(graph: onnx.GraphProto) -> dict[str, TensorType]:
    types: dict[str, TensorType] = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        types[value.name] = _read_type(value)
    for tensor in graph.initializer:
        types[tensor.name] = _build_type(tensor.name, tensor.data_type, tuple(tensor.dims))
    for node in graph.node:
        for name in node.output:
            if name and name not in types:
                raise NotAdmitted(f"shape of '{name}' ({node.op_type}) is not static")
    if len(graph.input) > MAX_TENSORS or len(graph.output) > MAX_TENSORS:
        raise TooLarge(f"more than {MAX_TENSORS} inputs or outputs")
    return types


def _read_type(value: onnx.ValueInfoProto) -> TensorType:
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        raise NotAdmitted(f"'{value.name}' is a {kind}; only tensors are admitted")
    tensor = value.type.tensor_type
    if not tensor.HasField("shape"):
        raise NotAdmitted(f"'{value.name}' has no shape; export with static shapes")
    for axis, dimension in enumerate(tensor.shape.dim):
        if not dimension.HasField("dim_value"):
            label = dimension.dim_param or "?"
            raise NotAdmitted(f"dimension {axis} of '{value.name}' is '{label}'; make it a number")
    dims = tuple(dimension.dim_value for dimension in tensor.shape.dim)
    return _build_type(value.name, tensor.elem_type, dims)


def _build_type(name: str, code: int, dims: tuple[int, ...]) -> TensorType:
    if not name or len(name.encode()) > MAX_NAME:
        raise NotAdmitted(f"a tensor name of {len(name.encode())} bytes; use 1 to {MAX_NAME}")
    if len(dims) > MAX_RANK:
        raise TooLarge(f"'{name}' has rank {len(dims)}, at most {MAX_RANK}")
    try:
        dtype = DType(code)
    except ValueError:
        label = onnx.TensorProto.DataType.Name(code) if code in _CODES else str(code)
        raise NotAdmitted(f"'{name}' has element type {label}, which is not supported") from None
    if any(size < 0 for size in dims):
        raise NotAdmitted(f"'{name}' has a negative dimension in {list(dims)}")
    built = TensorType(name, dtype, dims)
    if built.size_bytes > MAX_TENSOR_BYTES:
        raise TooLarge(f"'{name}' has {built.size_bytes} bytes, at most {MAX_TENSOR_BYTES}")
    return built


_CODES = frozenset(onnx.TensorProto.DataType.values())


def _read_node(node: onnx.NodeProto) -> Node:
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    return Node(node.op_type, tuple(node.input), tuple(node.output), attributes)
