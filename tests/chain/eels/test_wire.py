"""What goes over the pipe reads back, and garbage is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.chain.eels.wire import decode, encode

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(kind=st.text(), body=st.dictionaries(st.text(), VALUES, max_size=4))
def test_a_message_reads_back(kind: str, body: dict[str, object]) -> None:
    """Whatever JSON can hold, large numbers among it."""
    message = {**body, "kind": kind}
    assert decode(encode(message)) == message


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"3", b'{"kind":4}', b"{}", b"\xff"])
def test_garbage_is_no_message(raw: bytes) -> None:
    """An object with a kind, or nothing."""
    with pytest.raises(ValueError):
        decode(raw)
