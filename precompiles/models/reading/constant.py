"""Constants: dense tensors of a file as arrays, each held to its own dimensions."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.errors import NotAdmitted, TooLarge
from precompiles.models.limits import MAX_ELEMENT_BYTES, MAX_PEAK_BYTES, MAX_TENSOR_RANK
from precompiles.tensor import DType

Array = npt.NDArray[Any]

_FIELDS = {
    DType.FLOAT32: "float_data",
    DType.FLOAT64: "double_data",
    DType.INT64: "int64_data",
    DType.UINT32: "uint64_data",
    DType.UINT64: "uint64_data",
}  # any other type is kept in int32_data
_TYPED = ("float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def read_dtype(code: int, where: str) -> DType:
    """Raises: NotAdmitted for an element type that may not cross the boundary."""
    try:
        return DType(code)
    except ValueError:
        names = onnx.TensorProto.DataType
        label = names.Name(code) if code in names.values() else str(code)
        known = ", ".join(dtype.name.lower() for dtype in DType)
        raise NotAdmitted(f"{where} has element type {label}; cast it to one of {known}") from None


def read_constant(tensor: onnx.TensorProto, where: str, may_hold_nan: bool = False) -> Array:
    """A read-only array of the tensor's type and shape.

    Raises: NotAdmitted if data and dimensions disagree or a float is not a number; TooLarge.
    """
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise NotAdmitted(f"{where} points to external data; save the model as one file")
    dtype = read_dtype(tensor.data_type, where)
    dims = tuple(tensor.dims)
    if len(dims) > MAX_TENSOR_RANK:
        raise TooLarge(f"{where} has rank {len(dims)}, at most {MAX_TENSOR_RANK}")
    if any(size < 0 for size in dims):
        raise NotAdmitted(f"{where} has a negative dimension in {list(dims)}; export it again")
    size = math.prod(dims)
    if size * dtype.size_bytes > MAX_ELEMENT_BYTES:
        raise TooLarge(
            f"{where} has {size * dtype.size_bytes} bytes, at most {MAX_ELEMENT_BYTES}; split it"
        )
    array = _read_elements(tensor, dtype, size, where).reshape(dims)
    if dtype.is_float and not may_hold_nan and bool(np.isnan(array).any()):
        raise NotAdmitted(f"{where} holds NaN: the training went wrong; train and export again")
    array.setflags(write=False)
    return array


def check_total(graph: onnx.GraphProto) -> None:
    """Raises: TooLarge if the initialisers, stored and packed, would fill the memory of a run."""
    total = 0
    for tensor in graph.initializer:
        size = read_dtype(tensor.data_type, f"initialiser '{tensor.name}'").size_bytes
        total += size * math.prod(max(side, 0) for side in tensor.dims)
    if 2 * total > MAX_PEAK_BYTES:
        raise TooLarge(f"{total} bytes of weights, at most {MAX_PEAK_BYTES // 2}; quantise them")


def _read_elements(tensor: onnx.TensorProto, dtype: DType, size: int, where: str) -> Array:
    kept = [name for name in _TYPED if len(getattr(tensor, name))]
    if tensor.HasField("raw_data"):
        raw, expected = tensor.raw_data, size * dtype.size_bytes
        if kept or len(raw) != expected:
            given = f"{len(raw)} raw bytes" + (f" and {kept[0]}" if kept else "")
            raise NotAdmitted(f"{where} needs {expected} bytes and has {given}; export it again")
        if dtype is DType.BOOL and raw.strip(b"\0\1"):
            raise NotAdmitted(f"{where} holds a boolean that is neither 0 nor 1; export it again")
        return np.frombuffer(raw, NUMPY_DTYPES[dtype])
    field = _FIELDS.get(dtype, "int32_data")
    values = getattr(tensor, field)
    if [name for name in kept if name != field] or len(values) != size:
        raise NotAdmitted(
            f"{where} needs {size} values in {field} and has {len(values)}; export it again"
        )
    if dtype in (DType.FLOAT32, DType.FLOAT64):
        return np.array(values, NUMPY_DTYPES[dtype])
    wide = np.array(values, np.uint64 if field == "uint64_data" else np.int64)
    if dtype is DType.FLOAT16:  # bits, not values
        return _narrow(wide, np.dtype("<u2"), where).view("<f2")
    return _narrow(wide, NUMPY_DTYPES[dtype], where)


def _narrow(wide: Array, dtype: np.dtype[Any], where: str) -> Array:
    narrow = wide.astype(dtype)
    if not np.array_equal(narrow.astype(wide.dtype), wide):
        raise NotAdmitted(f"{where} holds values that do not fit {dtype}; export it again")
    return narrow
