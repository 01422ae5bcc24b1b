"""Naming: tables whose rows share a value, written as one line of names."""

from typing import TypeVar

Value = TypeVar("Value")


def for_each(names: str, value: Value) -> dict[str, Value]:
    """The value under each name."""
    return dict.fromkeys(names.split(), value)
