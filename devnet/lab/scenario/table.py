"""One table of a TOML file: keys are taken one by one; what is left is a mistake."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar

from devnet.errors import ConfigError

T = TypeVar("T")
_KINDS = {str: "a text", int: "a whole number", list: "a list", dict: "a table", bool: "a truth"}


class Table:
    """Keys of one table, and where it stands."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        """`where` begins every message."""
        self._values, self.where = dict(values), where
        self._asked: list[str] = []

    def take(self, key: str, kind: type[T], default: T) -> T:
        """The value of a key. Raises: ConfigError if it is of another kind."""
        self._asked.append(key)
        value = self._values.pop(key, default)
        if value is default:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ConfigError(f"{self.where}: {key} is {value!r}, it takes {_KINDS[kind]}")
        return value

    def take_number(self, key: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds. Raises: ConfigError."""
        value = self.take(key, int, default)
        if not low <= value <= high:
            raise ConfigError(f"{self.where}: {key} is {value}; use {low} to {high}")
        return value

    def take_list(self, key: str, kind: type[T]) -> tuple[T, ...] | None:
        """A list of one kind, nothing if it is not given. Raises: ConfigError."""
        if key not in self._values:
            self._asked.append(key)
            return None
        values = self.take(key, list, [])
        for value in values:
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ConfigError(f"{self.where}: {key} has {value!r}, it takes {_KINDS[kind]}")
        return tuple(values)

    def close(self) -> None:
        """Raises: ConfigError for a key that nobody has asked for."""
        for key in self._values:
            near = get_close_matches(key, self._asked, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(self._asked)}"
            raise ConfigError(f"{self.where}: no key '{key}'; {hint}")


def read_groups(table: Table, key: str, names: list[str]) -> tuple[tuple[int, ...], ...]:
    """Lists of validators, by index, each in one at most. Raises: ConfigError."""
    groups = table.take_list(key, list) or ()
    index_names(table, key, [name for group in groups for name in group], names)
    return tuple(index_names(table, key, group, names) for group in groups)


def index_names(
    table: Table, key: str, given: Sequence[object], names: list[str]
) -> tuple[int, ...]:
    """Validators by index. Raises: ConfigError for a name that there is not, or that is twice."""
    for name in given:
        if name not in names:
            raise ConfigError(
                f"{table.where}: {key} has {name!r}; the validators are v0 to {names[-1]}"
            )
        if given.count(name) > 1:
            raise ConfigError(f"{table.where}: {key} has {name!r} more than once")
    return tuple(names.index(str(name)) for name in given)
