"""Strict JSON: one spelling of every value, and a place for every error.

Numbers are plain integers, bytes lower-case hex; unknown, missing and repeated fields are errors.
So a changed character is either noise between values or an error.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from devnet.errors import BadBundle
from devnet.nesting import MAX_DEPTH, is_too_deep

MAX_BUNDLE_BYTES = 1 << 28  # bytes of a bundle file
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
_NAME = re.compile(r"[\w-]{1,64}", re.ASCII)  # of a field that a message may show as it is
_MAX_INTEGER = 2**256 - 1


def parse_json(text: str | bytes) -> "Reader":
    """The value in a text.

    Raises: BadBundle if it is too large, too deep, or not JSON of this kind.
    """
    if len(text) > MAX_BUNDLE_BYTES:
        raise BadBundle(f"more than {MAX_BUNDLE_BYTES} bytes")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as broken:
            raise BadBundle(f"not UTF-8: {broken}") from broken
    if is_too_deep(text):
        raise BadBundle(f"more than {MAX_DEPTH} brackets inside each other")
    try:
        data = json.loads(
            text,
            object_pairs_hook=_refuse_repeats,
            parse_constant=_refuse_constant,
            parse_int=_read_integer,
        )
    except ValueError as broken:  # a number of thousands of digits, too
        raise BadBundle(f"not JSON: {broken}") from broken
    return Reader(data, "bundle")


class Reader:
    """One JSON value with its place in the bundle, for error messages."""

    def __init__(self, value: Any, place: str) -> None:
        self.value = value
        self.place = place

    def fields(self, *names: str, optional: tuple[str, ...] = ()) -> Mapping[str, "Reader"]:
        """The fields of an object that has these, and perhaps the optional ones."""
        if not isinstance(self.value, dict):
            raise BadBundle(f"{self.place} must be an object")
        missing = [name for name in names if name not in self.value]
        unknown = [name for name in self.value if name not in (*names, *optional)]
        if missing:
            raise BadBundle(f"{self.place} lacks {', '.join(missing)}")
        if unknown:
            others = f" and {len(unknown) - 1} others" if unknown[1:] else ""
            raise BadBundle(f"{self.place} has no such field as {_shorten(unknown[0])}{others}")
        return dict(self.entries())

    def entries(self) -> Iterator[tuple[str, "Reader"]]:
        """All fields of an object."""
        if not isinstance(self.value, dict):
            raise BadBundle(f"{self.place} must be an object")
        for name, value in self.value.items():
            plain = name if _NAME.fullmatch(name) else _shorten(name)
            yield name, Reader(value, f"{self.place}.{plain}")

    def items(self, most: int | None = None) -> tuple["Reader", ...]:
        """What is in a list."""
        if not isinstance(self.value, list):
            raise BadBundle(f"{self.place} must be a list")
        if most is not None and len(self.value) > most:
            raise BadBundle(f"{self.place} has {len(self.value)} entries, at most {most}")
        return tuple(Reader(v, f"{self.place}[{i}]") for i, v in enumerate(self.value))

    def integer(self, most: int = _MAX_INTEGER) -> int:
        """A whole number from 0."""
        value = self.value
        if type(value) is not int or value < 0:
            raise BadBundle(f"{self.place} is {_shorten(value)}; must be a whole number from 0")
        if value > most:
            raise BadBundle(f"{self.place} is {_shorten(value)}; at most {most}")
        return value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise BadBundle(f"{self.place} is {_shorten(self.value)}; must be true or false")
        return self.value

    def text(self, pattern: re.Pattern[str], wanted: str) -> str:
        """A string of a form."""
        value = self.value
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise BadBundle(f"{self.place} is {_shorten(value)}; must be {wanted}")
        return value

    def data(self, size: int | None = None) -> bytes:
        """Bytes as hex, of a length if given."""
        value = self.value
        if not isinstance(value, str) or not _HEX.fullmatch(value):
            raise BadBundle(f"{self.place} must be lower-case hex with 0x, two digits a byte")
        raw = bytes.fromhex(value[2:])
        if size is not None and len(raw) != size:
            raise BadBundle(f"{self.place} has {len(raw)} bytes, must have {size}")
        return raw


def show(value: bytes | int) -> str | int:
    """Bytes as hex; numbers and flags as they are."""
    return "0x" + value.hex() if isinstance(value, bytes) else value


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in pairs:
        if name in built:
            raise BadBundle(f"a field is given twice: {_shorten(name)}")
        built[name] = value
    return built


def _read_integer(text: str) -> int:
    if text.startswith("-"):
        raise BadBundle(f"{_shorten(text)} is not a value of a bundle")
    return int(text)


def _refuse_constant(word: str) -> None:
    raise BadBundle(f"{word} is not a value of a bundle")


def _shorten(value: Any) -> str:
    """On one line of printable ASCII: a stranger's text does not write on anybody's terminal."""
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."
