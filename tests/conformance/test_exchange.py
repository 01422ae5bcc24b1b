"""The runner of recorded exchanges itself: what it reads, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.comparison import compare
from tests.conformance.exchange import BadExchange, parse_exchange

ASK = '>> {"method":"eth_call"}'
ANSWER = '<< {"result":"0x1"}'


def answer(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "result": result}


def error(code: int, message: str, **data: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message, **data}}


def test_a_file_is_comments_requests_and_answers() -> None:
    """In order; `speconly:` counts only before the first request."""
    found = parse_exchange(
        "eth_call/x", f"// one\n{ASK}\n{ANSWER}\n\n// speconly: no\n{ASK}\n{ANSWER}"
    )
    assert (found.method, found.is_spec_only) == ("eth_call", False)
    assert [(r.request, r.method) for r in found.rounds] == [
        ('{"method":"eth_call"}', "eth_call")
    ] * 2
    assert found.rounds[0].answer == {"result": "0x1"}
    assert parse_exchange("a/b", f"// text\n// speconly: yes\n{ASK}\n{ANSWER}").is_spec_only


@pytest.mark.parametrize(
    "text", [ASK, ANSWER, f"{ASK}\n{ASK}\n{ANSWER}", f"{ASK}\n<< {{", f"{ASK}\n== x", ">> {\n<< 1"]
)
def test_what_is_no_exchange_is_refused(text: str) -> None:
    """A request without an answer, an answer without a request, a line of another kind, no JSON."""
    with pytest.raises(BadExchange, match="a/b"):
        parse_exchange("a/b", text)


@pytest.mark.parametrize(
    ("recorded", "answered", "passes"),
    [
        (answer({"a": [1, "0x2"]}), answer({"a": [1, "0x2"]}), True),
        (answer({"a": 1}), answer({"a": 2}), False),
        (answer({"a": 1}), answer({}), False),
        (answer({}), answer({"a": 1}), False),
        (answer([1]), answer([1, 1]), False),
        (answer(True), answer(1), False),
        (answer(0), answer(0.0), True),
        (answer(None), {"jsonrpc": "2.0", "id": 1}, False),
        (answer("0xAb"), answer("0xab"), False),
        (answer(1), error(3, "x"), False),
        (error(3, "x"), error(3, "y"), True),
        (error(3, "x"), error(-32000, "x"), False),
        (error(3, "x", data="0x"), error(3, "x"), False),
        (error(3, "x", data="0x"), error(3, "x", data="0x01"), False),
    ],
)
def test_everything_but_an_errors_message_is_compared(
    recorded: Any, answered: Any, passes: bool
) -> None:
    """hive's rule: code and data of an error count."""
    assert (compare(recorded, answered) == ()) is passes


@pytest.mark.parametrize(
    ("method", "recorded", "answered", "passes"),
    [
        ("eth_estimateGas", answer("0x5208"), answer("0x1"), True),
        ("eth_estimateGas", answer("0x5208"), answer("0x01"), False),
        ("eth_estimateGas", answer("0x5208"), answer(21000), False),
        ("eth_estimateGas", answer("0x5208"), error(3, "x"), False),
        ("eth_estimateGas", error(3, "x", data="0x01"), error(3, "y"), True),
        ("eth_estimateGas", error(3, "x"), error(-32000, "x"), False),
        ("txpool_content", answer({}), answer({"pending": {}, "queued": {}}), True),
        ("txpool_content", answer({}), answer({"pending": {}}), False),
        ("txpool_content", answer({}), answer({"pending": {"x": {}}, "queued": {}}), False),
        ("txpool_content", answer({}), answer({"pending": {"0x" + "0c" * 20: {"0": {}}}}), False),
        ("my_method", answer({"a": ["x"]}), answer({"a": ["y", "z"]}), True),
        ("my_method", answer({"a": ["x"]}), answer({"a": [1]}), False),
        ("my_method", answer({"a": "x"}), answer({"b": "x"}), False),
    ],
)
def test_a_spec_only_result_is_held_by_its_schema(
    method: str, recorded: Any, answered: Any, passes: bool
) -> None:
    """By the recorded keys and kinds where no schema is known; an error by its code alone."""
    assert (compare(recorded, answered, schema_of=method) == ()) is passes
