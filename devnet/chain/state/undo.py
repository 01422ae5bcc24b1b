"""An undo log over dictionaries: what a write replaced, so that it can be put back."""

from collections.abc import Hashable
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
_ABSENT: Any = object()


class UndoLog:
    """A checkpoint is a position; going back to one undoes what was written since."""

    __slots__ = ("_entries", "_forgotten")

    def __init__(self) -> None:
        self._entries: list[tuple[dict[Any, Any], Hashable, Any]] = []
        self._forgotten = 0  # entries that can no longer be undone

    def write(self, mapping: dict[K, T], key: K, value: T) -> None:
        """`mapping[key] = value`."""
        self._entries.append((mapping, key, mapping.get(key, _ABSENT)))
        mapping[key] = value

    def record(self) -> int:
        """A checkpoint of now."""
        return self._forgotten + len(self._entries)

    def discard(self, checkpoint: int) -> None:
        """Undo all since a checkpoint. Raises: ValueError if it is not a position any more."""
        keep = checkpoint - self._forgotten
        if not 0 <= keep <= len(self._entries):
            raise ValueError(f"checkpoint {checkpoint} was undone or made final before")
        while len(self._entries) > keep:
            mapping, key, old = self._entries.pop()
            if old is _ABSENT:
                del mapping[key]
            else:
                mapping[key] = old

    def forget(self) -> None:
        """Make all that was written final."""
        self._forgotten += len(self._entries)
        self._entries.clear()
