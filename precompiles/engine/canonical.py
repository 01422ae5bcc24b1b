"""Canonical tensors: one bit pattern for NaN, no negative zero, before any digest.

Both have several encodings that compare equal or unordered, and hardware picks different ones.
"""

import numpy as np

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.models.graph import Array
from precompiles.tensor import DType, Tensor

_DTYPES = {dtype: code for code, dtype in NUMPY_DTYPES.items()} | {
    dtype.newbyteorder(">"): code for code, dtype in NUMPY_DTYPES.items()
}
_NAN = {DType.FLOAT16: 0x7E00, DType.FLOAT32: 0x7FC0 << 16, DType.FLOAT64: 0x7FF8 << 48}  # quiet
_SIGN = {DType.FLOAT16: 1 << 15, DType.FLOAT32: 1 << 31, DType.FLOAT64: 1 << 63}  # -0.0
_BITS = {DType.FLOAT16: "<u2", DType.FLOAT32: "<u4", DType.FLOAT64: "<u8"}
_INFINITY = {DType.FLOAT16: 0x7C00, DType.FLOAT32: 0x7F80 << 16, DType.FLOAT64: 0x7FF0 << 48}


def to_array(tensor: Tensor) -> Array:
    """The tensor as a read-only array of its shape."""
    return np.frombuffer(tensor.data, NUMPY_DTYPES[tensor.dtype]).reshape(tensor.shape)


def to_tensor(array: Array) -> Tensor:
    """The array as a canonical tensor.

    Raises: KeyError for a dtype that may not cross the boundary.
    """
    dtype = _DTYPES[array.dtype]
    array = array.astype(NUMPY_DTYPES[dtype], copy=False)
    if dtype.is_float:
        array = _canonicalize_bits(array.view(_BITS[dtype]), dtype)
    elif dtype is DType.BOOL:
        array = array.view(np.uint8) != 0
    return Tensor(dtype, array.shape, array.tobytes())


def canonicalize(tensor: Tensor) -> Tensor:
    """The tensor with canonical float bits and booleans; integers come back as they are."""
    if tensor.dtype.is_float:
        given = np.frombuffer(tensor.data, _BITS[tensor.dtype])
        kept = _canonicalize_bits(given, tensor.dtype)
        return tensor if kept is given else Tensor(tensor.dtype, tensor.shape, kept.tobytes())
    if tensor.dtype is DType.BOOL:
        return to_tensor(to_array(tensor))
    return tensor


def _canonicalize_bits(bits: Array, dtype: DType) -> Array:
    """Floats as bit patterns: arithmetic would trap on signalling NaN or flush subnormals."""
    sign, infinity = _SIGN[dtype], _INFINITY[dtype]
    if not np.count_nonzero((bits == sign) | (bits & (sign - 1) > infinity)):
        return bits
    bits = bits.copy()
    bits[bits & (sign - 1) > infinity] = _NAN[dtype]
    bits[bits == sign] = 0
    return bits
