"""Inference: types of one operator's results, by `onnx` or by our own rule where it has none.

Called only with operands that were found to fit; what it says is checked again by the caller.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import numpy_helper, shape_inference

from precompiles.errors import NotAdmitted
from precompiles.models.reading.constant import Array
from precompiles.models.reading.folding import read_attributes
from precompiles.models.reading.structure import Use
from precompiles.tensor import DType, TensorType

_LIKE_FIRST = ("GroupNormalization", "MeanVarianceNormalization")
_ORDERED = ("GreaterOrEqual", "LessOrEqual")
_REFUSALS = (
    *(shape_inference.InferenceError, onnx.checker.ValidationError),
    *(ValueError, RuntimeError, IndexError, TypeError, KeyError),
)


def infer_results(
    use: Use,
    operands: Sequence[TensorType],
    known: Mapping[str, Array],
    opsets: Sequence[onnx.OperatorSetIdProto],
    ir_version: int,
) -> list[onnx.TypeProto | None]:
    """Type of each result, nothing where it is not told.

    Args:
        operands: types of the operands that are given.
        known: values of those that decide a shape.

    Raises: NotAdmitted if the operands do not fit.
    """
    if use.node.op_type in _LIKE_FIRST:
        return [build_proto(operands[0])]
    if use.node.op_type in _ORDERED:
        return [_broadcast(operands, use.where)]
    if use.row.domain:
        return _score(use, operands[0])
    try:
        inferred = shape_inference.infer_node_outputs(
            use.signature.schema,
            use.node,
            {kind.name: build_proto(kind) for kind in operands},
            {name: numpy_helper.from_array(value, name) for name, value in known.items()},
            opset_imports=list(opsets),
            ir_version=ir_version,
        )
    except _REFUSALS as broken:
        first = (str(broken).strip().splitlines() or [type(broken).__name__])[0]
        raise NotAdmitted(f"{use.where} does not fit its operands: {first[:300]}") from broken
    return [inferred.get(name) for name in use.node.output]


def build_proto(kind: TensorType) -> onnx.TypeProto:
    """The type as `onnx` has it."""
    return onnx.helper.make_tensor_type_proto(kind.dtype, kind.shape)


def _score(use: Use, rows: TensorType) -> list[onnx.TypeProto | None]:
    """Results of a tree ensemble: for a classifier labels as well."""
    attributes = read_attributes(use.node)
    count, width = rows.shape[:1], int(attributes.get("n_targets", 1))
    if use.node.op_type == "TreeEnsemble":
        return [onnx.helper.make_tensor_type_proto(rows.dtype, (*count, width))]
    if use.node.op_type == "TreeEnsembleRegressor":
        return [onnx.helper.make_tensor_type_proto(DType.FLOAT32, (*count, width))]
    width = len(attributes.get("classlabels_int64s", ()))
    labels = onnx.helper.make_tensor_type_proto(DType.INT64, count)
    scores = onnx.helper.make_tensor_type_proto(DType.FLOAT32, (*count, width))
    return [labels, scores]


def _broadcast(operands: Sequence[TensorType], where: str) -> onnx.TypeProto:
    try:
        shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    except ValueError as broken:
        raise NotAdmitted(f"{where} does not fit its operands: {broken}") from broken
    return onnx.helper.make_tensor_type_proto(DType.BOOL, shape)
