"""Where JSON values end in a stream, however it is cut."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.errors import InvalidRequest
from devnet.nesting import MAX_DEPTH
from devnet.rpc.transport.json_stream import JsonStream

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
_VALUES = st.recursive(
    st.lists(_SCALARS, max_size=2) | st.dictionaries(st.text(), _SCALARS, max_size=2) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.lists(_VALUES, max_size=5),
    st.sampled_from(["", "\n", " ", "\r\n\t"]),
    st.booleans(),
    st.lists(st.integers(1, 40), max_size=60),
)
@settings(deadline=None)
def test_values_come_out_as_they_went_in(
    values: list[object], between: str, ascii_only: bool, sizes: list[int]
) -> None:
    """Back to back or apart, in pieces of any size, quotes and brackets in strings included."""
    text = between.join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    data, stream = text.encode(), JsonStream(1 << 20)
    found: list[bytes] = []
    for size in (*sizes, len(data) + 1):
        found += stream.feed(data[:size])
        data = data[size:]
    assert [json.loads(value) for value in found] == values


@pytest.mark.parametrize(
    ("sent", "values"),
    [
        (b'5 true\n"a"{"x":1}[]', [b"5", b"true", b'"a"', b'{"x":1}', b"[]"]),
        (b"}{]", [b"}", b"{]"]),
        (b"nonsense {}", [b"nonsense", b"{}"]),
        (b"1,2,{}", [b"1", b",2", b",", b"{}"]),
        (b'{"a":"\\"}"}', [b'{"a":"\\"}"}']),
    ],
)
def test_what_is_no_json_is_cut_off_and_the_rest_is_found(sent: bytes, values: list[bytes]) -> None:
    """The parser says what is wrong with it; what follows is not lost."""
    assert list(JsonStream(100).feed(sent)) == values


def test_a_value_that_is_too_long_or_too_deep_ends_the_stream() -> None:
    """Where the next one would begin is not known then."""
    stream = JsonStream(1000)
    assert list(stream.feed(b'"' + b"x" * 998)) == []
    assert list(stream.feed(b'"')) == [b'"' + b"x" * 998 + b'"']
    with pytest.raises(InvalidRequest, match="more than 1000 bytes"):
        list(stream.feed(b'"' + b"x" * 1_000))
    assert list(JsonStream(1000).feed(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)) != []
    with pytest.raises(InvalidRequest, match=f"more than {MAX_DEPTH} brackets"):
        list(JsonStream(1000).feed(b"[" * (MAX_DEPTH + 1)))


@pytest.mark.parametrize(
    ("value", "count", "piece"),
    [
        (b"{}", 200_000, 1 << 16),
        (b'"' + b"\\\\" * 4_000_000 + b'"', 1, 4096),
        (b"9" * 8_000_000, 1, 4096),
    ],
)
def test_time_is_linear(value: bytes, count: int, piece: int) -> None:
    """Many small values in one piece, one long value in many."""
    data, stream, found = value * count + b" ", JsonStream(1 << 24), 0
    began = time.process_time()
    for start in range(0, len(data), piece):
        found += sum(1 for _ in stream.feed(data[start : start + piece]))
    assert found == count
    assert time.process_time() - began < 5
