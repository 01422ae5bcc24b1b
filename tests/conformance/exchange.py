"""Recorded JSON-RPC exchanges: `.io` files of execution-apis, line by line.

| line          | means                                                              |
|---------------|--------------------------------------------------------------------|
| `// text`     | what is tried; before the first request `speconly:` may stand there |
| `>> json`     | a request                                                          |
| `<< json`     | its answer                                                         |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SPEC_ONLY = "speconly:"


class BadExchange(Exception):
    """A file that is no exchange."""


@dataclass(frozen=True, slots=True)
class Round:
    """A request as it was sent, and the answer that was recorded."""

    request: str
    method: str
    answer: Any


@dataclass(frozen=True, slots=True)
class Exchange:
    """One file."""

    name: str  # method and case, as `eth_call/call-callenv`
    is_spec_only: bool  # values may differ, keys and types may not
    rounds: tuple[Round, ...]

    @property
    def method(self) -> str:
        """The method that is tried; others may be asked before it."""
        return self.rounds[-1].method if self.rounds else self.name


def load_exchanges(folder: Path) -> tuple[Exchange, ...]:
    """All files below a folder, by name. Raises: BadExchange."""
    return tuple(load_exchange(path, folder) for path in list_files(folder))


def list_files(folder: Path) -> tuple[Path, ...]:
    """The files below a folder, in alphabetical order."""
    return tuple(sorted(folder.rglob("*.io")))


def load_exchange(path: Path, folder: Path) -> Exchange:
    """One file of a folder. Raises: BadExchange."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    return parse_exchange(name, path.read_text(encoding="utf-8"))


def parse_exchange(name: str, text: str) -> Exchange:
    """Raises: BadExchange where a line is no comment, request or answer, or has none."""
    lines = [line.strip() for line in text.splitlines()]
    requests = [number for number, line in enumerate(lines) if line.startswith(">>")]
    header = lines[: requests[0]] if requests else []
    is_spec_only = any(line.lstrip("/ ").startswith(_SPEC_ONLY) for line in header)
    return Exchange(name, is_spec_only, tuple(_read_rounds(name, lines)))


def _read_rounds(name: str, lines: list[str]) -> Iterator[Round]:
    request = method = ""
    for number, line in enumerate(lines, start=1):
        if not line or line.startswith("//"):
            continue
        mark, body = line[:2], line[2:].strip()
        if mark == ">>" and not request:
            request, method = body, str(_parse(name, number, body).get("method"))
        elif mark == "<<" and request:
            yield Round(request, method, _parse(name, number, body))
            request = ""
        else:
            raise BadExchange(f"{name}, line {number}: {line[:40]!r} is not expected here")
    if request:
        raise BadExchange(f"{name}: the last request has no answer")


def _parse(name: str, number: int, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as broken:
        raise BadExchange(f"{name}, line {number}: {broken}") from broken
