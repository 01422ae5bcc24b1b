"""Canonical tensors: one bit pattern per value, and nothing else changed."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.dtypes import NUMPY_DTYPES
from precompiles.engine.canonical import canonicalize, to_array, to_tensor
from precompiles.tensor import DType, Tensor

FLOATS = [dtype for dtype in DType if dtype.is_float]
QUIET_NAN = {DType.FLOAT16: 0x7E00, DType.FLOAT32: 0x7FC00000, DType.FLOAT64: 0x7FF8 << 48}


def from_bits(dtype: DType, *bits: int) -> Tensor:
    """A float tensor with these bit patterns."""
    data = b"".join(pattern.to_bytes(dtype.size_bytes, "little") for pattern in bits)
    return Tensor(dtype, (len(bits),), data)


def to_bits(tensor: Tensor) -> list[int]:
    size = tensor.dtype.size_bytes
    data = tensor.data
    return [int.from_bytes(data[at : at + size], "little") for at in range(0, len(data), size)]


def canonicalize_bits(dtype: DType, bits: int) -> int:
    """The rule on one pattern, written without floats."""
    width = 8 * dtype.size_bytes
    mantissa_width = {16: 10, 32: 23, 64: 52}[width]
    exponent_mask = (1 << (width - 1)) - (1 << mantissa_width)
    if bits & exponent_mask == exponent_mask and bits & ((1 << mantissa_width) - 1):
        return QUIET_NAN[dtype]
    return 0 if bits == 1 << (width - 1) else bits


def test_every_float16_pattern_is_canonicalized_by_the_rule() -> None:
    """All 65,536 patterns: every NaN payload, both zeros, all subnormals, both infinities."""
    every = list(range(1 << 16))
    found = to_bits(canonicalize(from_bits(DType.FLOAT16, *every)))
    assert found == [canonicalize_bits(DType.FLOAT16, bits) for bits in every]


@pytest.mark.parametrize("dtype", [DType.FLOAT32, DType.FLOAT64])
@given(st.data())
def test_wider_floats_are_canonicalized_by_the_rule(dtype: DType, data: st.DataObject) -> None:
    """Random patterns, and those beside zero, infinity and NaN of either sign and kind."""
    width = 8 * dtype.size_bytes
    sign, infinity = 1 << (width - 1), QUIET_NAN[dtype] & QUIET_NAN[dtype] << 1
    edges = [near + step for near in (0, infinity, sign - 1) for step in (-1, 0, 1)]
    edges = [edge % sign | high for edge in edges for high in (0, sign)]
    patterns = st.integers(0, 2**width - 1) | st.sampled_from(edges)
    bits = data.draw(st.lists(patterns, max_size=8))
    found = to_bits(canonicalize(from_bits(dtype, *bits)))
    assert found == [canonicalize_bits(dtype, pattern) for pattern in bits]


@pytest.mark.parametrize("dtype", FLOATS)
def test_subnormals_are_kept(dtype: DType) -> None:
    """The smallest and the largest subnormal of either sign are values of their own."""
    info: Any = np.finfo(NUMPY_DTYPES[dtype])
    sign = 1 << (8 * dtype.size_bytes - 1)
    largest = (1 << info.nmant) - 1
    tensor = from_bits(dtype, 1, largest, sign | 1, sign | largest)
    assert canonicalize(tensor) == tensor


@pytest.mark.parametrize("dtype", FLOATS)
def test_signalling_nan_raises_no_flag(dtype: DType) -> None:
    """No arithmetic touches the values, so the runtime has nothing to warn of."""
    signalling = (QUIET_NAN[dtype] & QUIET_NAN[dtype] << 1) | 1
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        assert to_bits(canonicalize(from_bits(dtype, signalling))) == [QUIET_NAN[dtype]]


@pytest.mark.parametrize("dtype", DType)
@given(st.binary(min_size=48, max_size=48))
def test_canonical_form_is_a_fixed_point(dtype: DType, data: bytes) -> None:
    """Canonicalising twice is canonicalising once, through arrays as well."""
    once = canonicalize(Tensor(dtype, (48 // dtype.size_bytes,), data))
    assert canonicalize(once) == once
    assert to_tensor(to_array(once)) == once


@pytest.mark.parametrize("dtype", [dtype for dtype in DType if not dtype.is_float])
@given(st.binary(min_size=16, max_size=16))
def test_integers_keep_their_bits_and_booleans_become_one_or_zero(
    dtype: DType, data: bytes
) -> None:
    """Any byte but zero is true."""
    tensor = Tensor(dtype, (16 // dtype.size_bytes,), data)
    if dtype is DType.BOOL:
        assert canonicalize(tensor).data == bytes(byte != 0 for byte in data)
    else:
        assert canonicalize(tensor) == tensor


def test_a_boolean_array_of_other_bytes_is_canonical_too() -> None:
    """A runtime may answer with any byte but zero for true."""
    array = np.array([0, 1, 2, 255], np.uint8).view(np.bool_)
    assert to_tensor(array).data == bytes([0, 1, 1, 1])


@pytest.mark.parametrize("dtype", DType)
@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3), (2, 0, 3)])
def test_every_dtype_and_rank_crosses_both_ways(dtype: DType, shape: tuple[int, ...]) -> None:
    """Scalars and empty tensors included; data is little endian and row major."""
    array: npt.NDArray[Any] = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    array = array.astype(NUMPY_DTYPES[dtype])
    tensor = to_tensor(array)
    assert (tensor.dtype, tensor.shape, tensor.data) == (dtype, shape, array.tobytes())
    assert canonicalize(tensor) == tensor
    np.testing.assert_array_equal(to_array(tensor), array)


@pytest.mark.parametrize("dtype", DType)
def test_memory_layout_does_not_show(dtype: DType) -> None:
    """Transposed, strided and big-endian arrays give the bytes of their plain copies."""
    array = np.arange(12).reshape(3, 4).astype(NUMPY_DTYPES[dtype])
    assert to_tensor(array.T) == to_tensor(array.T.copy())
    assert to_tensor(array[::2, 1:]) == to_tensor(array[::2, 1:].copy())
    assert to_tensor(array.astype(array.dtype.newbyteorder(">"))) == to_tensor(array)


def test_arrays_of_a_tensor_are_read_only() -> None:
    """A runtime that writes into its input would change what was digested."""
    array = to_array(Tensor(DType.UINT8, (2,), b"ab"))
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_given_array_is_left_alone(dtype: DType) -> None:
    """Canonical bits are written into a copy."""
    array = np.array([-0.0, np.nan], NUMPY_DTYPES[dtype])
    before = array.tobytes()
    to_tensor(array)
    assert array.tobytes() == before


@pytest.mark.parametrize("dtype", ["complex64", "U3", "O"])
def test_a_dtype_outside_the_table_does_not_cross(dtype: str) -> None:
    """Documented: KeyError."""
    with pytest.raises(KeyError):
        to_tensor(np.zeros(1, dtype))
