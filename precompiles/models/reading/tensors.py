"""Tensors: element type and static shape of every tensor, operator by operator.

Each step works on types already checked, so no tensor above a cap is carried into the next one, and
declared intermediate shapes are compared, never believed.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np
import onnx

from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.fitting.operands import Fit, Misfit, Operands
from precompiles.models.fitting.rule import FITS, RESULT_FITS
from precompiles.models.limits import (
    MAX_DIMENSION,
    MAX_ELEMENT_BYTES,
    MAX_KNOWN_ELEMENTS,
    MAX_TENSOR_RANK,
)
from precompiles.models.reading.constant import Array, read_constant, read_dtype
from precompiles.models.reading.folding import fold_node, read_attributes
from precompiles.models.reading.inference import infer_results
from precompiles.models.reading.kinds import check_choice, check_operands
from precompiles.models.reading.structure import Use
from precompiles.tensor import DType, TensorType

_CLAMPED = ("Slice",)  # takes any bound and clamps it to the axis
_SHAPING: Mapping[str, tuple[int, ...]] = {
    "BlackmanWindow": (0,),
    "CenterCropPad": (1,),
    "Col2Im": (1, 2),
    "ConstantOfShape": (0,),
    "CumSum": (1,),
    "DFT": (1, 2),
    "Dropout": (1, 2),
    "Expand": (1,),
    "HammingWindow": (0,),
    "HannWindow": (0,),
    "MaxUnpool": (2,),
    "MelWeightMatrix": (0, 1, 2, 3, 4),
    "OneHot": (1,),
    "Pad": (1, 3),
    "Range": (0, 1, 2),
    "Reshape": (1,),
    "Resize": (1, 2, 3),
    "Slice": (1, 2, 3, 4),
    "Split": (1,),
    "Squeeze": (1,),
    "Tile": (1,),
    "TopK": (1,),
    "Trilu": (1,),
    "Unsqueeze": (1,),
}  # operands whose values, not only shapes, decide a shape or can stop the run
_REDUCTIONS = "Reduce"  # prefix of operators that take axes as operand 1


class Tensors:
    """Types of all tensors so far, and the values of those that are known."""

    def __init__(self, opsets: Mapping[str, int], ir_version: int) -> None:
        self.types: dict[str, TensorType] = {}
        self.values: dict[str, Array] = {}
        self._opsets = [onnx.helper.make_opsetid(d, v) for d, v in sorted(opsets.items())]
        self._opset = opsets.get("", 0)
        self._ir_version = ir_version

    def declare(self, kind: TensorType, value: Array | None = None) -> None:
        """Add one tensor.

        Raises: NotAdmitted if it has no elements and its value is not known; TooLarge.
        """
        check_shape(kind.shape, kind.dtype, f"'{kind.name}'")
        if value is None and math.prod(kind.shape) == 0:
            raise NotAdmitted(f"'{kind.name}' has no elements in {list(kind.shape)}; leave it out")
        self.types[kind.name] = kind
        if value is not None:
            self.values[kind.name] = value

    def apply(self, use: Use) -> None:
        """Add the results of one operator.

        Raises: NotAdmitted if a shape is not static or the operands do not fit; TooLarge.
        """
        node = use.node
        if node.op_type == "Constant" and not use.row.domain:
            value = _read_constant_node(node, use.where)
            self.declare(TensorType(node.output[0], _find_dtype(value), value.shape), value)
            return
        operands = [self.types[name] if name else None for name in node.input]
        check_operands(use, operands)
        sizes = {name: self._require_value(name, use) for name in _list_shaping(node)}
        self._check_fit(use, operands, (), FITS)
        given = [kind for kind in operands if kind is not None]
        protos = infer_results(use, given, sizes, self._opsets, self._ir_version)
        results = [
            _read_result(name, proto, use) for name, proto in zip(node.output, protos, strict=True)
        ]
        check_choice(use, operands, results)
        self._check_fit(use, operands, results, RESULT_FITS)
        for kind, known in zip(results, self._fold(use, results), strict=True):
            if kind is not None:
                self.declare(kind, known)

    def _require_value(self, name: str, use: Use) -> Array:
        value = self.values.get(name)
        if value is None:
            raise NotAdmitted(
                f"{use.where} takes a size, axis or bound from '{name}', which depends on the "
                "data, so the work of a run would too; make it a constant"
            )
        if value.size > MAX_KNOWN_ELEMENTS:
            raise TooLarge(f"{use.where} takes {value.size} sizes, at most {MAX_KNOWN_ELEMENTS}")
        if use.node.op_type not in _CLAMPED:
            _check_known(value, use.where)
        return value

    def _check_fit(
        self,
        use: Use,
        kinds: list[TensorType | None],
        results: Iterable[TensorType | None],
        rules: Mapping[str, Fit],
    ) -> None:
        """The runtime will take these operands."""
        fit = rules.get(use.node.op_type)
        if fit is None:
            return
        operands = Operands(
            operator=use.node.op_type,
            opset=self._opset,
            shapes=[kind.shape if kind else None for kind in kinds],
            dtypes=[kind.dtype if kind else None for kind in kinds],
            values=[self.values.get(name) for name in use.node.input],
            wanted=[bool(name) for name in use.node.output],
            results=[kind.shape if kind else None for kind in results],
            attributes=read_attributes(use.node),
        )
        try:
            fit(operands)
        except Misfit as misfit:
            raise NotAdmitted(f"{use.where}: {misfit}; the runtime refuses that") from misfit
        except (IndexError, ValueError, ZeroDivisionError) as broken:
            raise NotAdmitted(
                f"{use.where}: operands of a rank or size that it does not take; export it again"
            ) from broken

    def _fold(self, use: Use, results: list[TensorType | None]) -> tuple[Array | None, ...]:
        node, operator = use.node, use.node.op_type
        first = results[0]
        if operator == "Shape" and first is not None:
            shape = self.types[node.input[0]].shape
            attributes = read_attributes(node)
            cut = slice(attributes.get("start", 0), attributes.get("end"))
            return (np.array(shape[cut], np.int64),)
        if operator == "Size":
            return (np.array(math.prod(self.types[node.input[0]].shape), np.int64),)
        return fold_node(node, [self.values.get(name) for name in node.input], results)


def check_shape(shape: Iterable[int], dtype: DType, what: str) -> None:
    """Raises: NotAdmitted for a negative dimension; TooLarge above a cap."""
    dims = tuple(shape)
    if len(dims) > MAX_TENSOR_RANK:
        raise TooLarge(f"{what} has rank {len(dims)}, at most {MAX_TENSOR_RANK}")
    if any(not 0 <= size <= MAX_DIMENSION for size in dims):
        raise NotAdmitted(f"{what} has an impossible dimension in {list(dims)}; export it again")
    size = math.prod(dims) * dtype.size_bytes
    if size > MAX_ELEMENT_BYTES:
        raise TooLarge(f"{what} has {size} bytes, at most {MAX_ELEMENT_BYTES}; split it")


def _read_result(name: str, proto: onnx.TypeProto | None, use: Use) -> TensorType | None:
    if not name:
        return None
    tensor = proto.tensor_type if proto is not None else onnx.TypeProto.Tensor()
    dims = tensor.shape.dim
    if not tensor.HasField("shape") or not all(dim.HasField("dim_value") for dim in dims):
        raise NotAdmitted(
            f"the shape of '{name}' ({use.where}) is not static; export with static shapes"
        )
    dtype = read_dtype(tensor.elem_type, f"'{name}'")
    shape = tuple(dim.dim_value for dim in dims)
    check_shape(shape, dtype, f"'{name}', result of {use.where},")
    return TensorType(name, dtype, shape)


def _list_shaping(node: onnx.NodeProto) -> list[str]:
    indices = (1,) if node.op_type.startswith(_REDUCTIONS) else _SHAPING.get(node.op_type, ())
    return [node.input[i] for i in indices if i < len(node.input) and node.input[i]]


def _check_known(value: Array, where: str) -> None:
    """Sizes and counts stay far from where inference in 64 bits would wrap."""
    if value.dtype.kind not in "fiu" or not value.size:
        return
    low, high = float(value.min()), float(value.max())
    if not -MAX_DIMENSION <= low <= high <= MAX_DIMENSION:
        raise NotAdmitted(f"{where} takes a size or scale of {low} to {high}; use a smaller one")


def _read_constant_node(node: onnx.NodeProto, where: str) -> Array:
    values = [attribute for attribute in node.attribute if attribute.name.startswith("value")]
    if len(values) != 1 or len(node.attribute) != 1:
        raise NotAdmitted(f"{where} needs exactly one value; export it again")
    (attribute,) = values
    if attribute.name == "value":
        return read_constant(attribute.t, where)
    if attribute.name in ("value_float", "value_floats"):
        floats = attribute.f if attribute.name == "value_float" else list(attribute.floats)
        return np.array(floats, np.float32)
    if attribute.name in ("value_int", "value_ints"):
        integers = attribute.i if attribute.name == "value_int" else list(attribute.ints)
        return np.array(integers, np.int64)
    raise NotAdmitted(f"{where} holds text or sparse data; store dense numbers")


def _find_dtype(array: Array) -> DType:
    return DType(onnx.helper.np_dtype_to_tensor_dtype(array.dtype))
