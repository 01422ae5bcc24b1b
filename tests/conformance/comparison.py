"""How an answer is held against the recorded one: hive's rules.

| exchange  | compared                                                                     |
|-----------|------------------------------------------------------------------------------|
| recorded  | everything, but not the message of an error where both are errors            |
| spec only | a result by the method's schema, or, if there is none here, by the recorded  |
|           | keys and kinds of values; an error by its code                               |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from tests.conformance.schemas import RESULTS

_SHOWN_CHARACTERS = 100


def compare(recorded: Any, answer: Any, *, schema_of: str = "") -> tuple[str, ...]:
    """What differs, each with its path and both values; nothing if all is as it must be.

    Args:
        schema_of: method by whose schema the result is held; empty if values are binding.
    """
    if not schema_of:
        return tuple(_compare_values(_forget_message(recorded, answer), answer))
    if _is_error(recorded) or _is_error(answer):
        return tuple(_compare_values(_get_code(recorded), _get_code(answer), ".error.code"))
    if schema_of not in RESULTS:
        return tuple(_compare_kinds(recorded, answer))
    found = Draft202012Validator(RESULTS[schema_of]).iter_errors(answer.get("result"))
    return tuple(f".result{fault.json_path[1:]}: {_shorten(fault.message)}" for fault in found)


def _forget_message(recorded: Any, answer: Any) -> Any:
    if not (_is_error(recorded) and _is_error(answer)):
        return recorded
    error = {**recorded["error"], "message": answer["error"].get("message")}
    return {**recorded, "error": error}


def _is_error(answer: Any) -> bool:
    return isinstance(answer, dict) and isinstance(answer.get("error"), dict)


def _get_code(answer: Any) -> Any:
    return answer["error"].get("code") if _is_error(answer) else None


def _compare_values(recorded: Any, answer: Any, path: str = "") -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(answer, dict):
        yield from _compare_keys(recorded, answer, path)
        for key in sorted(recorded.keys() & answer.keys()):
            yield from _compare_values(recorded[key], answer[key], f"{path}.{key}")
    elif isinstance(recorded, list) and isinstance(answer, list):
        if len(recorded) != len(answer):
            yield f"{path}: {len(recorded)} items recorded, {len(answer)} answered"
        for index, (old, new) in enumerate(zip(recorded, answer, strict=False)):
            yield from _compare_values(old, new, f"{path}[{index}]")
    elif isinstance(recorded, bool) is not isinstance(answer, bool) or recorded != answer:
        yield f"{path}: {_show(recorded)} recorded, {_show(answer)} answered"


def _compare_kinds(recorded: Any, answer: Any, path: str = "") -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(answer, dict):
        yield from _compare_keys(recorded, answer, path)
        for key in sorted(recorded.keys() & answer.keys()):
            yield from _compare_kinds(recorded[key], answer[key], f"{path}.{key}")
    elif isinstance(recorded, list) and isinstance(answer, list):
        for index, item in enumerate(answer if recorded else []):
            if all(any(_compare_kinds(known, item)) for known in recorded):
                yield f"{path}[{index}]: like no recorded item: {_show(item)}"
    elif type(recorded) is not type(answer):
        yield f"{path}: {_show(recorded)} recorded, {_show(answer)} answered"


def _compare_keys(recorded: dict[str, Any], answer: dict[str, Any], path: str) -> Iterator[str]:
    for key in sorted(recorded.keys() - answer.keys()):
        yield f"{path}.{key}: {_show(recorded[key])} recorded, missing in the answer"
    for key in sorted(answer.keys() - recorded.keys()):
        yield f"{path}.{key}: not recorded, {_show(answer[key])} answered"


def _show(value: Any) -> str:
    return _shorten(repr(value))


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
