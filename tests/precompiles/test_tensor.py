"""Tensor codec: round trips, and writes what eth_abi writes."""

import math
from typing import TypeAlias

import numpy as np
import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from precompiles.errors import BadInput
from precompiles.tensor import (
    MAX_TENSORS,
    DType,
    Tensor,
    TensorType,
    check_tensor,
    decode_tensors,
    encode_tensors,
)

Fields: TypeAlias = tuple[int, tuple[int, ...], bytes]

ABI = "(uint8,uint32[],bytes)[]"
SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    """A tensor of any dtype, rank 0 to 4, with arbitrary bytes."""
    dtype, shape = draw(st.sampled_from(DType)), draw(SHAPES)
    size = math.prod(shape) * dtype.size_bytes
    return Tensor(dtype, shape, draw(st.binary(min_size=size, max_size=size)))


BATCHES = st.lists(tensors(), max_size=4).map(tuple)


def unpack(batch: tuple[Tensor, ...]) -> list[Fields]:
    return [(int(tensor.dtype), tensor.shape, tensor.data) for tensor in batch]


@given(BATCHES)
def test_encoding_is_the_abi_encoding(batch: tuple[Tensor, ...]) -> None:
    """Byte for byte what `abi.encode(Tensor[])` gives, so contracts can recompute digests."""
    assert encode_tensors(batch) == encode([ABI], [unpack(batch)])


@given(BATCHES)
def test_tensors_round_trip(batch: tuple[Tensor, ...]) -> None:
    """Every dtype, rank and emptiness comes back."""
    assert decode_tensors(encode_tensors(batch)) == batch


@given(BATCHES, st.binary(min_size=32, max_size=32))
def test_offsets_count_from_the_start_of_the_arguments(
    batch: tuple[Tensor, ...], model_id: bytes
) -> None:
    """As the second argument of `infer(bytes32, Tensor[])`."""
    body = encode(["bytes32", ABI], [model_id, unpack(batch)])
    assert decode_tensors(body, head=32) == batch


def test_the_largest_batch_round_trips() -> None:
    """The cap on the number of tensors is inclusive."""
    batch = (Tensor(DType.INT64, (), bytes(8)),) * MAX_TENSORS
    assert decode_tensors(encode_tensors(batch)) == batch


@given(tensors(), tensors())
def test_only_a_tensor_of_the_declared_type_passes(given_one: Tensor, other: Tensor) -> None:
    """Dtype, rank and every dimension must be equal; the message names all of them."""
    expected = TensorType("pixels", other.dtype, other.shape)
    if (given_one.dtype, given_one.shape) == (other.dtype, other.shape):
        check_tensor(given_one, expected)
    else:
        with pytest.raises(BadInput) as stop:
            check_tensor(given_one, expected)
        name, dims = given_one.dtype.name.lower(), list(given_one.shape)
        assert str(stop.value) == f"input 'pixels' is {name}{dims}, the model wants {expected}"


def test_dtype_codes_and_sizes_are_onnx_and_numpy() -> None:
    """The enum is ONNX's, the sizes are those of the arrays."""
    for dtype in DType:
        array_dtype = helper.tensor_dtype_to_np_dtype(dtype)
        name = {"FLOAT32": "FLOAT", "FLOAT64": "DOUBLE"}.get(dtype.name, dtype.name)
        assert dtype == TensorProto.DataType.Value(name)
        assert dtype.size_bytes == array_dtype.itemsize
        assert dtype.is_float == np.issubdtype(array_dtype, np.floating)
