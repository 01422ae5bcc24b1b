"""Canonical tensors: one bit pattern for NaN, no negative zero, before any digest.

Both have several encodings that compare equal or unordered, and hardware picks different ones.
"""

from typing import Any

import numpy as np

from precompiles.models.graph import Array
from precompiles.tensor import DType, Tensor

NUMPY_DTYPES: dict[DType, np.dtype[Any]] = {
    DType.FLOAT32: np.dtype("<f4"),
    DType.UINT8: np.dtype("u1"),
    DType.INT8: np.dtype("i1"),
    DType.UINT16: np.dtype("<u2"),
    DType.INT16: np.dtype("<i2"),
    DType.INT32: np.dtype("<i4"),
    DType.INT64: np.dtype("<i8"),
    DType.BOOL: np.dtype("?"),
    DType.FLOAT16: np.dtype("<f2"),
    DType.FLOAT64: np.dtype("<f8"),
    DType.UINT32: np.dtype("<u4"),
    DType.UINT64: np.dtype("<u8"),
}
_DTYPES = {dtype: code for code, dtype in NUMPY_DTYPES.items()}


def to_array(tensor: Tensor) -> Array:
    """The tensor as a read-only array of its shape."""
    return np.frombuffer(tensor.data, NUMPY_DTYPES[tensor.dtype]).reshape(tensor.shape)


def to_tensor(array: Array) -> Tensor:
    """The array as a canonical tensor.

    Raises: KeyError for a dtype that may not cross the boundary.
    """
    dtype = _DTYPES[array.dtype.newbyteorder("<") if array.dtype.itemsize > 1 else array.dtype]
    if dtype.is_float:
        array = array + array.dtype.type(0)  # -0.0 + 0.0 is +0.0 in every rounding mode we use
        array[np.isnan(array)] = np.nan
    return Tensor(dtype, array.shape, np.ascontiguousarray(array, NUMPY_DTYPES[dtype]).tobytes())


def canonicalize(tensor: Tensor) -> Tensor:
    """The tensor with canonical float bits and booleans; integers come back as they are."""
    if tensor.dtype.is_float:
        return to_tensor(to_array(tensor).copy())
    if tensor.dtype is DType.BOOL:
        values = np.frombuffer(tensor.data, np.uint8) != 0
        return Tensor(tensor.dtype, tensor.shape, values.tobytes())
    return tensor
