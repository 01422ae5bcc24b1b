"""Folding: the part of a graph that no input reaches becomes constants, before anything is lowered.

Exporters compute shapes and weights in the graph (Shape, Gather, Concat, Reshape ...). Evaluated by
the engine, once a round; a round may make more shapes static.
"""

import numpy as np
import onnx
from onnx import helper, numpy_helper

from precompiles.engine.session import build_session

_FOLDABLE = (
    "Abs Add And Cast Concat Constant ConstantOfShape Div Equal Erf Exp Expand Flatten Floor "
    "Gather Greater Identity Less Log Max Min Mul Neg Not Or Pow Range Reciprocal ReduceProd "
    "ReduceSum Reshape Slice Split Sqrt Squeeze Sub Tile Transpose Unsqueeze Where"
)
_ROUNDS_MAX = 32


def fold_constants(model: onnx.ModelProto) -> onnx.ModelProto:
    """An equal model without operators on constants only.

    Raises: RuntimeBroken if the engine cannot evaluate them.
    """
    folded = onnx.ModelProto()
    folded.CopyFrom(model)
    for _ in range(_ROUNDS_MAX):
        if not _fold_round(folded):
            break
    return folded


def _fold_round(model: onnx.ModelProto) -> bool:
    """Fold what can be folded now; whether there was anything."""
    _resolve_shapes(model)
    graph = model.graph
    outputs = {value.name for value in graph.output}
    known = {tensor.name for tensor in graph.initializer}
    foldable = _FOLDABLE.split()
    pure: list[onnx.NodeProto] = []
    for node in graph.node:
        constant = known.issuperset(filter(None, node.input)) and node.op_type in foldable
        if constant and not outputs.intersection(node.output):
            pure.append(node)
            known.update(node.output)
    if not pure:
        return False
    names = [name for node in pure for name in node.output if name]
    part = helper.make_graph(
        pure, "constants", [], [onnx.ValueInfoProto(name=name) for name in names], graph.initializer
    )
    encoded = helper.make_model(
        part, ir_version=model.ir_version, opset_imports=model.opset_import
    ).SerializeToString()
    values = build_session(encoded).run(names, {})
    kept = [node for node in graph.node if node.output[0] not in names]
    del graph.node[:]
    graph.node.extend(kept)
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name)
        for name, value in zip(names, values, strict=True)
    )
    return True


def _resolve_shapes(model: onnx.ModelProto) -> None:
    """Put a constant in place of each Shape of a tensor whose shape is static."""
    typed = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*typed.input, *typed.value_info, *typed.output)
        if value.type.tensor_type.HasField("shape")
        and all(dimension.HasField("dim_value") for dimension in value.type.tensor_type.shape.dim)
    }
    shapes |= {tensor.name: list(tensor.dims) for tensor in typed.initializer}
    for node in model.graph.node:
        if node.op_type == "Shape" and node.input[0] in shapes:
            bounds = {attribute.name: attribute.i for attribute in node.attribute}
            part = shapes[node.input[0]][bounds.get("start", 0) : bounds.get("end")]
            value = numpy_helper.from_array(np.asarray(part, np.int64))
            made = helper.make_node("Constant", [], [node.output[0]], node.name, value=value)
            node.CopyFrom(made)
