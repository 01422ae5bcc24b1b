"""Tensor codec on bytes that are no tensors: a reason naming the tensor, and little memory."""

import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles.errors import BadInput, TooLarge
from precompiles.tensor import (
    MAX_RANK,
    MAX_TENSOR_BYTES,
    MAX_TENSORS,
    DType,
    Tensor,
    decode_tensors,
    encode_tensors,
)

HUGE = 2**256 - 1
BATCH = (Tensor(DType.UINT8, (3,), b"abc"), Tensor(DType.FLOAT32, (1, 2), bytes(range(8))))
VALID = encode_tensors(BATCH)
SECOND = 64 + int.from_bytes(VALID[96:128], "big")  # byte where tensor 1 stands


def put(at: int, value: int) -> bytes:
    """The valid batch with one word replaced."""
    return VALID[:at] + value.to_bytes(32, "big") + VALID[at + 32 :]


def pack_words(*words: int) -> bytes:
    return b"".join(word.to_bytes(32, "big") for word in words)


FORMS: dict[str, tuple[bytes, type[Exception], str]] = {
    "nothing": (b"", BadInput, "ends before the offset of the tensors"),
    "half a word": (bytes(16), BadInput, "ends before the offset of the tensors"),
    "array past the end": (put(0, HUGE), BadInput, "offset of the tensors is 1157"),
    "array at the end": (put(0, len(VALID)), BadInput, "ends before the number of tensors"),
    "count past the end": (put(32, HUGE), BadInput, "number of tensors is 1157"),
    "too many": (put(32, MAX_TENSORS + 1), TooLarge, "65 tensors in one call, at most 64"),
    "count beyond heads": (put(32, 3), BadInput, "tensor 2"),
    "tensor past the end": (put(96, HUGE), BadInput, "offset of tensor 1 is 1157"),
    "tensor at the end": (put(96, len(VALID) - 64), BadInput, "ends before the dtype of tensor 1"),
    "dtype string": (
        put(SECOND, 8),
        BadInput,
        "dtype 8 of tensor 1 is not supported; use.*float32",
    ),
    "dtype zero": (put(SECOND, 0), BadInput, "dtype 0 of tensor 1"),
    "dtype in high bits": (put(SECOND, 1 << 255 | 1), BadInput, "dtype .* of tensor 1"),
    "shape past the end": (put(SECOND + 32, HUGE), BadInput, "shape offset of tensor 1 is 1157"),
    "rank past the end": (put(SECOND + 96, HUGE), BadInput, "rank of tensor 1 is 1157"),
    "rank too high": (put(SECOND + 96, MAX_RANK + 1), TooLarge, "rank 9 of tensor 1, at most 8"),
    "dimension over uint32": (
        put(SECOND + 128, 1 << 32),
        BadInput,
        "dimension 4294967296 of tensor 1",
    ),
    "elements do not fit": (
        put(SECOND + 128, 2),
        BadInput,
        "tensor 1 is float32.2, 2. and needs 16",
    ),
    "empty by a zero": (put(SECOND + 128, 0), BadInput, "tensor 1 is float32.0, 2. and needs 0"),
    "elements over the cap": (
        put(SECOND + 128, 1 << 31),
        TooLarge,
        "tensor 1 has 17179869184 bytes",
    ),
    "data past the end": (put(SECOND + 64, HUGE), BadInput, "data offset of tensor 1 is 1157"),
    "length past the end": (put(SECOND + 192, HUGE), BadInput, "data length of tensor 1 is 1157"),
    "length too long": (put(SECOND + 192, 9), BadInput, "tensor 1 .* needs 8 bytes, 9 given"),
    "length too short": (put(SECOND + 192, 7), BadInput, "tensor 1 .* needs 8 bytes, 7 given"),
    "data cut short": (VALID[:-25], BadInput, "data of tensor 1 ends early: 7 of 8 bytes"),
}


@pytest.mark.parametrize(("data", "error", "message"), FORMS.values(), ids=FORMS)
def test_each_malformed_form_names_the_tensor(
    data: bytes, error: type[Exception], message: str
) -> None:
    """Which tensor, which field, which value."""
    with pytest.raises(error, match=message) as stop:
        decode_tensors(data)
    assert type(stop.value) is error


def test_every_truncation_is_refused() -> None:
    """No prefix that misses a byte of data passes for a batch."""
    for size in range(len(VALID) - 24):
        with pytest.raises(BadInput):
            decode_tensors(VALID[:size])


@settings(max_examples=500)
@given(st.binary(max_size=600), st.integers(0, 64))
def test_arbitrary_bytes_decode_or_are_refused(data: bytes, head: int) -> None:
    """Two exceptions, no third."""
    with suppress(BadInput, TooLarge):
        decode_tensors(data, head)


WORDS = st.integers(0, 20).map(lambda n: 32 * n) | st.integers(0, 70) | st.integers(0, HUGE)


@settings(max_examples=500)
@given(st.lists(WORDS, min_size=4, max_size=24))
def test_arbitrary_words_decode_or_are_refused(words: list[int]) -> None:
    """Words that look like offsets and lengths get further than bytes do."""
    with suppress(BadInput, TooLarge):
        decode_tensors(pack_words(*words))


def test_overlaps_cannot_multiply_memory() -> None:
    """64 tensors over one megabyte are refused before a second megabyte is copied."""
    size = 1 << 20
    body = encode_tensors((Tensor(DType.UINT8, (size,), bytes(size)),))[96:]
    data = pack_words(32, MAX_TENSORS, *[32 * MAX_TENSORS] * MAX_TENSORS) + body
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match="tensor 1 overlaps"):
            decode_tensors(data)
        assert tracemalloc.get_traced_memory()[1] < 3 * size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("claim", [MAX_TENSOR_BYTES, MAX_TENSOR_BYTES + 1, 2**32 - 1])
def test_a_claimed_size_allocates_nothing(claim: int) -> None:
    """A small call that claims a large tensor costs no memory."""
    data = pack_words(32, 1, 32, DType.UINT8, 96, 160, 1, claim, 0)
    tracemalloc.start()
    try:
        with pytest.raises((BadInput, TooLarge), match="tensor 0"):
            decode_tensors(data)
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()
