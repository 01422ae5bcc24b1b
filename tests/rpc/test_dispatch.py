"""JSON-RPC 2.0 by its specification: what is answered, and how errors read."""

import json
import logging
import time
from typing import Any

import pytest

from devnet.errors import ConfigError, DevnetError, ExecutionReverted, NoQuorum, UnknownBlock
from devnet.rpc.dispatch import Dispatcher, Json
from devnet.rpc.limits import MAX_BATCH, MAX_BODY_BYTES
from precompiles.errors import BadInput, ModelMissing, NotAdmitted, UnknownModel

_SECRET = "what only the log may know"


def _subtract(minuend: Json, subtrahend: Json = 0) -> Json:
    if not isinstance(minuend, int) or not isinstance(subtrahend, int):
        raise TypeError(_SECRET)
    return minuend - subtrahend


def _raise(name: Json) -> Json:
    raise _ERRORS[str(name)]


_ERRORS: dict[str, Exception] = {
    "config": ConfigError("port is in use"),
    "block": UnknownBlock("no block 5"),
    "quorum": NoQuorum("no block 2 after 4 rounds"),
    "revert": ExecutionReverted("execution reverted: no", b"\x08\xc3"),
    "model": UnknownModel("no model 'x'"),
    "input": BadInput("2 tensors given"),
    "refused": NotAdmitted("external data"),
    "fatal": ModelMissing("0x12 is not in this host's store"),
    "other": RuntimeError(_SECRET),
    "deep": RecursionError(_SECRET),
}
_DISPATCHER = Dispatcher(
    {
        "subtract": _subtract,
        "get_data": lambda: ["hello", 5],
        "fail": _raise,
        "odd": lambda: float("nan"),
    }
)


def ask(body: object) -> Any:
    """The answer to a JSON value or a text, parsed."""
    text = body if isinstance(body, str) else json.dumps(body)
    raw = _DISPATCHER.handle(text.encode())
    return None if raw is None else json.loads(raw)


def build(method: object, params: object = (), **fields: object) -> dict[str, object]:
    """A request with id 1."""
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": 1, **fields}


def test_a_request_is_answered_with_its_id() -> None:
    """Numbers, text, null and fractions come back as they were."""
    for identity in (1, "a", None, 1.5, -3, ""):
        request = build("subtract", [42, 23], id=identity)
        assert ask(request) == {"jsonrpc": "2.0", "id": identity, "result": 19}


def test_absent_and_null_parameters_are_no_parameters() -> None:
    """geth takes both."""
    assert ask('{"jsonrpc":"2.0","id":1,"method":"get_data"}')["result"] == ["hello", 5]
    assert ask(build("get_data", None))["result"] == ["hello", 5]


def test_a_notification_is_not_answered_even_if_it_fails() -> None:
    """No id, no answer."""
    for method in ("subtract", "foobar", "fail"):
        assert ask({"jsonrpc": "2.0", "method": method, "params": [1]}) is None


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', -32700, "not JSON"),
        ("", -32700, "not JSON"),
        ("NaN", -32700, "NaN is not a JSON value"),
        ('{"id": ' + "9" * 5_000 + "}", -32700, "not JSON"),
        ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', -32600, "method must be text"),
        ('{"jsonrpc": "2.0", "method": "get_data", "params": "bar"}', -32600, "must be a list"),
        ('{"method": "get_data"}', -32600, '"jsonrpc": "2.0"'),
        ('{"jsonrpc": "2.0", "id": {}, "method": "get_data"}', -32600, "id must be"),
        ('{"jsonrpc": "2.0", "id": true, "method": "get_data"}', -32600, "id must be"),
        ('{"jsonrpc": "2.0", "id": 1e999, "method": "get_data"}', -32600, "id must be"),
        ("1", -32600, "a request must be an object"),
        ("[]", -32600, "batch of 0 requests"),
        ("[" * 100_000, -32600, "brackets inside each other"),
        (json.dumps([build("get_data")] * (MAX_BATCH + 1)), -32600, "batch of 1001 requests"),
        (" " * (MAX_BODY_BYTES + 1), -32600, "at most 16777216"),
    ],
)
def test_what_is_no_request_is_answered_with_a_null_id(body: str, code: int, message: str) -> None:
    """The table of the specification, and the limits."""
    answer = ask(body)
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", None)
    assert answer["error"]["code"] == code
    assert message in answer["error"]["message"]


def test_bytes_that_are_no_text_are_not_json() -> None:
    """Neither UTF-16 nor a stray byte brings it down."""
    for body in (b"\xff", "{}".encode("utf-16"), b"\x00"):
        assert json.loads(_DISPATCHER.handle(body) or b"")["error"]["code"] == -32700


def test_an_unsound_request_with_an_id_is_answered_with_it() -> None:
    """The id could be read, so the client gets it back."""
    assert ask({"jsonrpc": "1.0", "id": "x", "method": "get_data"})["id"] == "x"


def test_a_batch_is_answered_in_order_without_its_notifications() -> None:
    """Failures stand beside results; notifications leave no trace."""
    answers = ask(
        [
            build("subtract", [5, 3], id="1"),
            {"jsonrpc": "2.0", "method": "get_data"},
            {"foo": "boo"},
            build("nothing", id="5"),
            1,
        ]
    )
    assert [a.get("result", a.get("error", {}).get("code")) for a in answers] == [
        *(2, -32600, -32601, -32600)
    ]
    assert [a["id"] for a in answers] == ["1", None, "5", None]
    assert ask([{"jsonrpc": "2.0", "method": "get_data"}]) is None


def test_an_unknown_method_is_named_with_its_nearest_match() -> None:
    """geth's words, then a suggestion; a name of a megabyte is neither compared nor repeated."""
    error = ask(build("substract"))["error"]
    assert error["code"] == -32601
    assert error["message"] == (
        "the method substract does not exist/is not available; did you mean subtract?"
    )
    assert len(ask(build("x" * 1_000_000))["error"]["message"]) < 200


@pytest.mark.parametrize("params", [[], [1, 2, 3]])
def test_a_wrong_number_of_parameters_is_told(params: list[int]) -> None:
    """How many it takes and how many came."""
    error = ask(build("subtract", params))["error"]
    assert error["code"] == -32602
    assert error["message"] == f"subtract takes 1 to 2 parameters, {len(params)} given"


def test_parameters_by_name_are_refused() -> None:
    """Ethereum's methods take them by position."""
    assert ask(build("subtract", {"minuend": 1}))["error"]["code"] == -32602


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("config", -32000, "port is in use"),
        ("block", -32000, "no block 5"),
        ("quorum", -32000, "no block 2 after 4 rounds"),
        ("revert", 3, "execution reverted: no"),
        ("model", -32001, "UnknownModel: no model 'x'"),
        ("input", -32602, "BadInput: 2 tensors given"),
        ("refused", -32000, "NotAdmitted: external data"),
        ("fatal", -32000, "ModelMissing: 0x12 is not in this host's store"),
    ],
)
def test_an_expected_error_has_the_code_of_its_class(name: str, code: int, message: str) -> None:
    """The nearest class with a code decides; only reverts carry data."""
    error = ask(build("fail", [name]))["error"]
    assert (error["code"], error["message"]) == (code, message)
    assert error.get("data") == ("0x08c3" if name == "revert" else None)


@pytest.mark.parametrize(
    "request_", [build("fail", ["other"]), build("fail", ["deep"]), build("subtract", ["a"])]
)
def test_an_unexpected_error_is_logged_and_not_shown(
    request_: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    """The client learns that something broke, the operator what."""
    with caplog.at_level(logging.ERROR):
        assert ask(request_)["error"] == {"code": -32603, "message": "internal error"}
    assert _SECRET in caplog.text


def test_a_result_that_is_no_json_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    """NaN never reaches a client."""
    with caplog.at_level(logging.CRITICAL):
        assert ask(build("odd"))["error"]["code"] == -32603


def test_every_error_of_ours_has_a_code() -> None:
    """JSON-RPC's reserved codes, 3 for a revert, 4 for a wait that is over (EIP-7966)."""
    pending: list[type[DevnetError]] = [DevnetError]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        assert kind.rpc_code in (3, 4) or -32768 <= kind.rpc_code <= -32000


def test_hostile_text_takes_linear_time() -> None:
    """A string of escaped quotes that never ends is refused at once."""
    body = b'"' + b'\\"' * 2_000_000
    start = time.perf_counter()
    assert b"-32700" in (_DISPATCHER.handle(body) or b"")
    assert time.perf_counter() - start < 2
