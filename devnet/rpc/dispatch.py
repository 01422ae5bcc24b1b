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
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import NoReturn, TypeAlias, TypeGuard

from devnet.errors import (
    DevnetError,
    InvalidParams,
    InvalidRequest,
    LimitExceeded,
    MethodNotFound,
    ParseError,
    RequestError,
)
from devnet.nesting import MAX_DEPTH, is_too_deep
from devnet.rpc.lane import Lane, Routed, route
from devnet.rpc.limits import MAX_BATCH, MAX_BATCH_ANSWER_BYTES, MAX_BODY_BYTES
from precompiles.errors import BadInput, PrecompileError, UnknownModel

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


@dataclass(frozen=True, slots=True)
class Reading:
    """What a body asks for: requests, sound or not, or the answer if it does not read."""

    requests: tuple[object, ...] = ()
    is_batch: bool = False
    refusal: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `body` is empty for a notification."""

    body: bytes
    failed: bool


class Dispatcher:
    """Answers requests from a table of methods; parameters are by position."""

    def __init__(self, methods: Mapping[str, Method | Routed]) -> None:
        self._methods: dict[str, Method] = {}
        self._lanes: dict[str, Lane] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        for name, method in methods.items():
            routed = route(method)
            self._methods[name], self._lanes[name] = routed.method, routed.lane
            self._counts[name] = _count_parameters(routed.method)

    def extend(self, methods: Mapping[str, Method | Routed]) -> "Dispatcher":
        """One that answers these methods too, or instead."""
        more = Dispatcher(methods)
        more._methods = self._methods | more._methods
        more._lanes = self._lanes | more._lanes
        more._counts = self._counts | more._counts
        return more

    def handle(self, body: bytes) -> bytes | None:
        """The answer to one HTTP body, frame or line; nothing if none is due. Never raises."""
        reading = self.read(body)
        if reading.refusal is not None:
            return reading.refusal
        joiner = Joiner(reading)
        for request in reading.requests:
            joiner.add(self.refuse(request) if joiner.is_full else self.answer(request))
        return joiner.join()

    def read(self, body: bytes) -> Reading:
        """The requests of a body. Never raises."""
        try:
            parsed = _parse(body)
            if not isinstance(parsed, list):
                return Reading((parsed,))
            if not 1 <= len(parsed) <= MAX_BATCH:
                raise InvalidRequest(f"batch of {len(parsed)} requests; send 1 to {MAX_BATCH}")
        except (ParseError, InvalidRequest) as refused:
            return Reading(refusal=refuse_body(refused))
        return Reading(tuple(parsed), is_batch=True)

    def find(self, request: object) -> tuple[str, Lane]:
        """Name and lane of the method a request asks for; no name if there is none."""
        name = request.get("method") if isinstance(request, dict) else None
        if isinstance(name, str) and name in self._lanes:
            return name, self._lanes[name]
        return "", Lane.QUICK

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

    def answer(self, request: object) -> Answer:
        """Run one request. Never raises."""
        identity = _read_id(request)
        try:
            name, params = _read_request(request)
        except InvalidRequest as refused:
            return Answer(_dump_failure(identity, refused), failed=True)
        failed = False
        try:
            if not isinstance(params, list):
                raise InvalidParams("params must be a list; parameters go by position")
            body = _dump({"jsonrpc": "2.0", "id": identity, "result": self.call(name, params)})
        except Exception as error:
            body, failed = _dump_failure(identity, error), True
        return Answer(body if isinstance(request, dict) and "id" in request else b"", failed)

    def refuse(self, request: object) -> Answer:
        """The answer to a request that does not fit into what its batch may answer."""
        full = LimitExceeded(
            f"the batch's answers before this one have {MAX_BATCH_ANSWER_BYTES} bytes; split it"
        )
        wanted = isinstance(request, dict) and "id" in request
        return Answer(_dump_failure(_read_id(request), full) if wanted else b"", failed=True)

    def _describe_missing(self, name: str) -> str:
        text = f"the method {name[:_MAX_NAME]} does not exist/is not available"
        near = get_close_matches(name[:_MAX_NAME], self._methods, n=1)
        return f"{text}; did you mean {near[0]}?" if near else text


class Joiner:
    """Puts the answers to one body together."""

    def __init__(self, reading: Reading) -> None:
        self._is_batch = reading.is_batch
        self._bodies: list[bytes] = []
        self._size = 0

    @property
    def is_full(self) -> bool:
        """Whether no more is given."""
        return self._size >= MAX_BATCH_ANSWER_BYTES

    def add(self, answer: Answer) -> None:
        if answer.body:
            self._bodies.append(answer.body)
            self._size += len(answer.body)

    def join(self) -> bytes | None:
        """All of it, nothing if nothing is due."""
        if not self._bodies:
            return None
        return b"[" + b",".join(self._bodies) + b"]" if self._is_batch else self._bodies[0]


def refuse_body(refused: RequestError) -> bytes:
    """The answer to what is no request at all."""
    return _dump_failure(None, refused)


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
