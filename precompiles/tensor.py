"""Typed tensors and their canonical form on the wire: the ABI encoding of `Tensor[]`.

    struct Tensor { uint8 dtype; uint32[] shape; bytes data; }

`dtype` is ONNX's code, `data` little endian and row major. The codec is written out by hand because
it sits on the path of every call; tests hold it to eth_abi.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from precompiles.errors import BadInput, TooLarge

MAX_RANK = 8  # dimensions
MAX_TENSORS = 64  # tensors in one call
MAX_TENSOR_BYTES = 1 << 24  # bytes of one tensor
_WORD = 32  # bytes of an ABI word
_ALL = -1  # in place of a tensor's index: the list as a whole


class DType(IntEnum):
    """ONNX `TensorProto.DataType` codes that may cross the boundary."""

    FLOAT32 = 1
    UINT8 = 2
    INT8 = 3
    UINT16 = 4
    INT16 = 5
    INT32 = 6
    INT64 = 7
    BOOL = 9
    FLOAT16 = 10
    FLOAT64 = 11
    UINT32 = 12
    UINT64 = 13

    @property
    def size_bytes(self) -> int:
        return _SIZES[self]

    @property
    def is_float(self) -> bool:
        return self in (DType.FLOAT16, DType.FLOAT32, DType.FLOAT64)


_SIZES = {
    DType.FLOAT32: 4,
    DType.UINT8: 1,
    DType.INT8: 1,
    DType.UINT16: 2,
    DType.INT16: 2,
    DType.INT32: 4,
    DType.INT64: 8,
    DType.BOOL: 1,
    DType.FLOAT16: 2,
    DType.FLOAT64: 8,
    DType.UINT32: 4,
    DType.UINT64: 8,
}
_DTYPES = {dtype.value: dtype for dtype in DType}


@dataclass(frozen=True, slots=True)
class TensorType:
    """Name, element type and static shape of one model input or output."""

    name: str
    dtype: DType
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.size_bytes

    def __str__(self) -> str:
        return f"{self.name}: {self.dtype.name.lower()}{list(self.shape)}"


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor by value; `data` holds exactly the bytes that dtype and shape ask for."""

    dtype: DType
    shape: tuple[int, ...]
    data: bytes


def check_tensor(tensor: Tensor, expected: TensorType, what: str = "input") -> None:
    """Hold a tensor to what the model declares.

    Raises: BadInput naming it, what was given and what the model wants.
    """
    if tensor.dtype is not expected.dtype or tensor.shape != expected.shape:
        given = f"{tensor.dtype.name.lower()}{list(tensor.shape)}"
        raise BadInput(f"{what} '{expected.name}' is {given}, the model wants {expected}")


def encode_tensors(tensors: Sequence[Tensor]) -> bytes:
    """`abi.encode(Tensor[])`, so a contract can recompute every digest we publish."""
    words = [_WORD, len(tensors)]
    bodies: list[bytes] = []
    offset = _WORD * len(tensors)
    for tensor in tensors:
        head = _encode_head(tensor)
        padding = bytes(-len(tensor.data) % _WORD)
        words.append(offset)
        bodies += (head, tensor.data, padding)
        offset += len(head) + len(tensor.data) + len(padding)
    return b"".join((_pack_words(words), *bodies))


def decode_tensors(data: bytes, head: int = 0) -> tuple[Tensor, ...]:
    """Read a `Tensor[]` whose head word stands at byte `head`, offsets relative to byte 0.

    Accepts what Solidity's decoder accepts: any offsets that stay inside the data. Tensors may
    overlap until together they outgrow it: memory spent here is memory the caller paid for.

    Raises: BadInput naming the tensor and the field; TooLarge above a cap.
    """
    start = _read_length(data, head, "offset of the tensors", _ALL)
    count = _read_length(data, start, "number of tensors", _ALL)
    if count > MAX_TENSORS:
        raise TooLarge(f"{count} tensors in one call, at most {MAX_TENSORS}")
    base = start + _WORD
    tensors: list[Tensor] = []
    room = len(data)
    for index in range(count):
        tensor = _decode_tensor(data, base, index, room)
        room -= len(tensor.data)
        tensors.append(tensor)
    return tuple(tensors)


def _encode_head(tensor: Tensor) -> bytes:
    """Everything of an encoded tensor that stands before its data."""
    rank = len(tensor.shape)
    data_at = _WORD * (4 + rank)
    return _pack_words([tensor.dtype, 3 * _WORD, data_at, rank, *tensor.shape, len(tensor.data)])


def _decode_tensor(data: bytes, base: int, index: int, room: int) -> Tensor:
    at = base + _read_length(data, base + _WORD * index, "offset", index)
    code = _read_word(data, at, "dtype", index)
    dtype = _DTYPES.get(code)
    if dtype is None:
        raise BadInput(f"dtype {code} of tensor {index} is not supported; use {_CODES}")
    shape_at = at + _read_length(data, at + _WORD, "shape offset", index)
    rank = _read_length(data, shape_at, "rank", index)
    if rank > MAX_RANK:
        raise TooLarge(f"rank {rank} of tensor {index}, at most {MAX_RANK}")
    shape = tuple(
        [_read_dimension(data, shape_at + _WORD * (1 + axis), index) for axis in range(rank)]
    )
    data_at = at + _read_length(data, at + 2 * _WORD, "data offset", index)
    size = _read_length(data, data_at, "data length", index)
    expected = math.prod(shape) * _SIZES[dtype]
    if expected > MAX_TENSOR_BYTES:
        raise TooLarge(f"tensor {index} has {expected} bytes, at most {MAX_TENSOR_BYTES}")
    if size != expected:
        kind = f"{dtype.name.lower()}{list(shape)}"
        raise BadInput(f"tensor {index} is {kind} and needs {expected} bytes, {size} given")
    if size > room:
        raise TooLarge(
            f"tensor {index} overlaps others until they outgrow the call data; give each its own"
        )
    body = bytes(data[data_at + _WORD : data_at + _WORD + size])
    if len(body) != size:
        raise BadInput(f"data of tensor {index} ends early: {len(body)} of {size} bytes")
    return Tensor(dtype, shape, body)


_CODES = ", ".join(f"{dtype.value} {dtype.name.lower()}" for dtype in DType)


def _pack_words(values: Sequence[int]) -> bytes:
    return b"".join([value.to_bytes(_WORD, "big") for value in values])


def _read_word(data: bytes, at: int, field: str, index: int) -> int:
    word = data[at : at + _WORD]
    if len(word) != _WORD:
        what = _name(field, index)
        raise BadInput(f"call data ends before the {what} (byte {at} of {len(data)})")
    return int.from_bytes(word, "big")


def _read_length(data: bytes, at: int, field: str, index: int) -> int:
    value = _read_word(data, at, field, index)
    if value > len(data):
        what = _name(field, index)
        raise BadInput(f"the {what} is {value}, past the end of {len(data)} bytes of call data")
    return value


def _read_dimension(data: bytes, at: int, index: int) -> int:
    value = _read_word(data, at, "shape", index)
    if value >> 32:
        raise BadInput(f"dimension {value} of tensor {index} does not fit uint32")
    return value


def _name(field: str, index: int) -> str:
    """A field in words, put together only for an error."""
    return f"{field} of tensor {index}" if index >= 0 else field
