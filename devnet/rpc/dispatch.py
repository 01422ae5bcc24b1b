"""JSON-RPC 2.0 from bytes to bytes; knows no transport and no Ethereum.

| sent                   | answered                                                  |
|------------------------|-----------------------------------------------------------|
| request                | its result or an error, with its id                       |
| notification (no id)   | nothing                                                   |
| batch                  | a list of answers; nothing if all are notifications       |
| anything else          | an error with id null                                     |
"""

import inspect
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from math import isfinite
from typing import NoReturn, TypeAlias, TypeGuard

from devnet.errors import DevnetError, InvalidParams, InvalidRequest, MethodNotFound, ParseError
from devnet.nesting import MAX_DEPTH, is_too_deep
from precompiles.errors import BadInput, PrecompileError, UnknownModel

MAX_BODY_BYTES = 16 << 20  # bytes of one request or batch
MAX_BATCH = 1_000  # requests in one batch
_MAX_NAME = 64  # characters of a method name that are compared or repeated
_INTERNAL_ERROR = -32603

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Method: TypeAlias = Callable[..., Json]

_CODES: Mapping[type[BaseException], int] = {
    UnknownModel: -32001,
    BadInput: -32602,
    PrecompileError: -32000,
}
_logger = logging.getLogger(__name__)


class Dispatcher:
    """Answers requests from a table of methods; parameters are by position."""

    def __init__(self, methods: Mapping[str, Method]) -> None:
        self._methods = dict(methods)
        self._counts = {name: _count_parameters(method) for name, method in methods.items()}

    def handle(self, body: bytes) -> bytes | None:
        """The answer to one HTTP body, frame or line; nothing if none is due. Never raises."""
        try:
            request = _parse(body)
        except (ParseError, InvalidRequest) as refused:
            return _dump_failure(None, refused)
        if not isinstance(request, list):
            return self._answer(request)
        if not 1 <= len(request) <= MAX_BATCH:
            refusal = InvalidRequest(f"batch of {len(request)} requests; send 1 to {MAX_BATCH}")
            return _dump_failure(None, refusal)
        answers = [answer for answer in map(self._answer, request) if answer is not None]
        return b"[" + b",".join(answers) + b"]" if answers else None

    def call(self, name: str, params: Sequence[object]) -> Json:
        """Run one method.

        Raises: MethodNotFound, InvalidParams, and what the method raises.
        """
        method = self._methods.get(name)
        if method is None:
            raise MethodNotFound(self._describe_missing(name))
        least, most = self._counts[name]
        if not least <= len(params) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            raise InvalidParams(f"{name} takes {wanted} parameters, {len(params)} given")
        return method(*params)

    def _answer(self, request: object) -> bytes | None:
        identity = _read_id(request)
        try:
            name, params = _read_request(request)
        except InvalidRequest as refused:
            return _dump_failure(identity, refused)
        try:
            if not isinstance(params, list):
                raise InvalidParams("params must be a list; parameters go by position")
            answer = _dump({"jsonrpc": "2.0", "id": identity, "result": self.call(name, params)})
        except Exception as error:
            answer = _dump_failure(identity, error)
        return answer if isinstance(request, dict) and "id" in request else None

    def _describe_missing(self, name: str) -> str:
        text = f"the method {name[:_MAX_NAME]} does not exist/is not available"
        near = get_close_matches(name[:_MAX_NAME], self._methods, n=1)
        return f"{text}; did you mean {near[0]}?" if near else text


def describe_error(error: Exception) -> dict[str, Json]:
    """The `error` member of an answer; what nobody expected is logged, not shown."""
    if isinstance(error, DevnetError):
        described: dict[str, Json] = {"code": error.rpc_code, "message": str(error)}
        if error.rpc_data is not None:
            described["data"] = error.rpc_data
        return described
    for kind in type(error).__mro__:
        if kind in _CODES:
            return {"code": _CODES[kind], "message": f"{type(error).__name__}: {error}"}
    _logger.error("internal error", exc_info=error)
    return {"code": _INTERNAL_ERROR, "message": "internal error"}


def _parse(body: bytes) -> object:
    if len(body) > MAX_BODY_BYTES:
        raise InvalidRequest(f"request of {len(body)} bytes, at most {MAX_BODY_BYTES}")
    try:
        text = body.decode()
        if is_too_deep(text):
            raise InvalidRequest(f"more than {MAX_DEPTH} brackets inside each other")
        parsed: object = json.loads(text, parse_constant=_refuse_constant)
    except ValueError as broken:  # UnicodeDecodeError and JSONDecodeError are both
        raise ParseError(f"not JSON: {broken}") from broken
    return parsed


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a JSON value")


def _read_id(request: object) -> Json:
    """The id to answer with; null if there is none that can be repeated."""
    identity = request.get("id") if isinstance(request, dict) else None
    return identity if _is_id(identity) else None


def _is_id(identity: object) -> TypeGuard[str | int | float | None]:
    if isinstance(identity, float):
        return isfinite(identity)
    return isinstance(identity, str | int | None) and not isinstance(identity, bool)


def _read_request(request: object) -> tuple[str, object]:
    if not isinstance(request, dict):
        raise InvalidRequest("a request must be an object, or a batch of objects")
    if request.get("jsonrpc") != "2.0":
        raise InvalidRequest('a request must say "jsonrpc": "2.0"')
    if not _is_id(request.get("id")):
        raise InvalidRequest("id must be text, a number or null")
    name, params = request.get("method"), request.get("params")
    if not isinstance(name, str):
        raise InvalidRequest("method must be text")
    if not isinstance(params, list | dict | None):
        raise InvalidRequest("params must be a list")
    return name, [] if params is None else params


def _dump_failure(identity: Json, error: Exception) -> bytes:
    return _dump({"jsonrpc": "2.0", "id": identity, "error": describe_error(error)})


def _dump(answer: Mapping[str, Json]) -> bytes:
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()


def _count_parameters(method: Method) -> tuple[int, int]:
    parameters = inspect.signature(method).parameters.values()
    required = sum(parameter.default is parameter.empty for parameter in parameters)
    return required, len(parameters)
