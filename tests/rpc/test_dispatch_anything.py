"""Nothing but well-formed answers, whatever is sent to the dispatcher."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.rpc.dispatch import Dispatcher, Json


def _subtract(minuend: Json, subtrahend: Json = 0) -> Json:
    if not isinstance(minuend, int) or not isinstance(subtrahend, int):
        raise TypeError("only numbers are subtracted")
    return minuend - subtrahend


_DISPATCHER = Dispatcher({"subtract": _subtract, "get_data": lambda: ["hello", 5]})
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
_REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | _VALUES,
        "method": st.sampled_from(["subtract", "get_data"]) | _VALUES,
        "params": _VALUES,
        "id": _VALUES,
    },
)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_get_a_well_formed_answer(body: bytes) -> None:
    """Or none, never an exception."""
    _check(_DISPATCHER.handle(body))


@given(_REQUESTS | _VALUES | st.lists(_REQUESTS | _VALUES, max_size=4))
def test_any_json_gets_a_well_formed_answer(body: object) -> None:
    """Requests with parts missing or of other kinds, alone and in batches."""
    _check(_DISPATCHER.handle(json.dumps(body).encode()))


def _check(raw: bytes | None) -> None:
    if raw is None:
        return
    parsed = json.loads(raw, parse_constant=lambda word: pytest.fail(word))
    for answer in parsed if isinstance(parsed, list) else [parsed]:
        assert answer["jsonrpc"] == "2.0"
        assert set(answer) in ({"jsonrpc", "id", "result"}, {"jsonrpc", "id", "error"})
        if "error" in answer:
            assert isinstance(answer["error"]["code"], int)
            assert isinstance(answer["error"]["message"], str)
