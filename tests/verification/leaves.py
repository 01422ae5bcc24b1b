"""Where a value of JSON has its leaves."""

from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]  # keys and indices


def iterate_leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The way to each number, text, truth or null, in order."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from iterate_leaves(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from iterate_leaves(child, (*path, index))
    else:
        yield path
