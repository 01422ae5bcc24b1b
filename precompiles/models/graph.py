"""A model file read into a plain graph with every type and shape known, or refused.

The reader is in `reading/`, in this order: wire scan, header, structure, binding, tensors. Each
step sees only what the one before it let through.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from precompiles.errors import NotAdmitted
from precompiles.models.reading import constant
from precompiles.models.reading.binding import bind_inputs, check_declared
from precompiles.models.reading.folding import read_attributes
from precompiles.models.reading.header import parse_model, read_opsets
from precompiles.models.reading.storage import widen_weights
from precompiles.models.reading.structure import Use, check_structure
from precompiles.models.reading.tensors import Tensors
from precompiles.models.table.operator import Operator
from precompiles.tensor import TensorType

Array = constant.Array
PINNED_PROPERTY = ("profile", "pinned")  # metadata of a file that wants the runtime's own floats


@dataclass(frozen=True, slots=True)
class Node:
    """One operator application; a missing optional input is the empty name."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, object]
    name: str
    row: Operator

    def __str__(self) -> str:
        return f"{self.operator} '{self.name or self.outputs[0]}'"


@dataclass(frozen=True, slots=True)
class Graph:
    """A checked graph in execution order."""

    nodes: tuple[Node, ...]
    types: Mapping[str, TensorType]  # of every tensor, by name
    constants: Mapping[str, Array]  # initialisers, by name
    values: Mapping[str, Array]  # of every tensor known before the run, constants included
    inputs: tuple[TensorType, ...]
    outputs: tuple[TensorType, ...]
    dimensions: tuple[tuple[str, int], ...]  # bindings of dynamic dimensions, sorted
    opset: int  # of ai.onnx, 0 if nothing is of it
    asks_pinned: bool = False  # the file asks for the runtime's own floats


def read_graph(model: bytes, dimensions: Mapping[str, int] | None = None) -> Graph:
    """Parse model bytes, with sizes for dynamic dimensions by name or `input:axis`.

    Raises: NotAdmitted or TooLarge with what was found and what to do.
    """
    proto = parse_model(model)
    opsets = read_opsets(proto)
    widen_weights(proto.graph)
    uses = check_structure(proto.graph, opsets)
    constant.check_total(proto.graph)
    constants = {
        tensor.name: constant.read_constant(tensor, f"initialiser '{tensor.name}'")
        for tensor in proto.graph.initializer
    }
    inputs, bindings = bind_inputs(proto.graph, constants, dimensions or {})
    tensors = Tensors(opsets, proto.ir_version)
    for tensor in proto.graph.initializer:
        kind = constant.read_dtype(tensor.data_type, f"initialiser '{tensor.name}'")
        tensors.declare(TensorType(tensor.name, kind, tuple(tensor.dims)), constants[tensor.name])
    for declared in inputs:
        tensors.declare(declared)
    for use in uses:
        tensors.apply(use)
    for value in (*proto.graph.input, *proto.graph.value_info, *proto.graph.output):
        if value.name in tensors.types:
            check_declared(value, tensors.types[value.name])
    for value in proto.graph.output:
        if not math.prod(tensors.types[value.name].shape):
            raise NotAdmitted(f"output '{value.name}' has no elements; leave it out")
    return Graph(
        nodes=tuple(_read_node(use) for use in uses),
        types=tensors.types,
        constants=constants,
        values=tensors.values,
        inputs=inputs,
        outputs=tuple(tensors.types[value.name] for value in proto.graph.output),
        dimensions=bindings,
        opset=opsets.get("", 0),
        asks_pinned=any((p.key, p.value) == PINNED_PROPERTY for p in proto.metadata_props),
    )


def _read_node(use: Use) -> Node:
    node: onnx.NodeProto = use.node
    return Node(
        operator=node.op_type,
        inputs=tuple(node.input),
        outputs=tuple(node.output),
        attributes=read_attributes(node),
        name=node.name,
        row=use.row,
    )
