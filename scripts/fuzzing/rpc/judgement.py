"""Judgement: what an answer must be, whatever was sent."""

import json
from collections.abc import Iterator
from typing import Any

from fuzzing.rpc.requests import Sent

INTERNAL_ERROR = -32603
SPECIFIED = "err: nonce has max value"  # has this code in execution-apis


class Finding(Exception):
    """The node did what it may not."""


def judge(sent: Sent, raw: bytes | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each request's method and its answer, once they are seen to be well-formed.

    Raises: Finding.
    """
    answers = _read(raw)
    if not sent.requests:
        for answer in answers:
            _check(answer)
        return
    due = [request for request in sent.requests if "id" in request]
    if len(answers) != len(due):
        raise Finding(f"{len(answers)} answers to {len(due)} requests: {raw!r:.200}")
    if raw is not None and (raw[:1] == b"[") != sent.is_batch:
        raise Finding(f"a batch is answered by a batch, a request by an answer: {raw!r:.200}")
    for request, answer in zip(due, answers, strict=True):
        _check(answer)
        if answer["id"] != request["id"]:
            raise Finding(f"id {request['id']!r} came back as {answer['id']!r}")
        yield request["method"], answer


def _read(raw: bytes | None) -> list[Any]:
    if raw is None:
        return []
    try:
        answer = json.loads(raw.decode(), parse_constant=_refuse)
    except ValueError as broken:
        raise Finding(f"the answer is not JSON: {broken}: {raw!r:.200}") from broken
    if answer == []:
        raise Finding("the answer is an empty batch")
    return answer if isinstance(answer, list) else [answer]


def _check(answer: Any) -> None:
    if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0" or "id" not in answer:
        raise Finding(f"no answer of JSON-RPC 2.0: {answer!r:.200}")
    if set(answer) - {"jsonrpc", "id"} not in ({"result"}, {"error"}):
        raise Finding(f"an answer has a result or an error: {answer!r:.200}")
    if "error" not in answer:
        return
    error = answer["error"]
    if not isinstance(error, dict) or set(error) - {"data"} != {"code", "message"}:
        raise Finding(f"an error has a code and a message: {error!r:.200}")
    if type(error["code"]) is not int or not isinstance(error["message"], str):
        raise Finding(f"a code is a number and a message is text: {error!r:.200}")
    if error["code"] == INTERNAL_ERROR and not error["message"].startswith(SPECIFIED):
        raise Finding(f"internal error: {error['message']}")


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
