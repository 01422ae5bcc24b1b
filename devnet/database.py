"""A file that survives a kill at any moment: SQLite with a write-ahead log.

All errors of the library end here, as `StoreError` with the file and the remedy. One connection;
any thread may use it, one at a time.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from devnet.errors import StoreError

STATE_FILE = "state.db"
CHAIN_FILE = "chain.db"
_FORMAT = 4  # of all tables; another one is refused
_APPLICATION = 0x64766E74  # marks the file as ours
_CACHE_KIB = 16_384
_LOG_PAGES = 4_000  # of 4 KiB, before the log is folded into the file, which waits for the disk

Row = tuple[Any, ...]


class Database:
    """Tables in one file; what is written counts from `commit` on, and nothing after a failure."""

    def __init__(self, path: Path, schema: str, *, survives_power_loss: bool) -> None:
        """
        Args:
            schema: statements that make the tables of a new file.
            survives_power_loss: wait for the disk at each commit; a killed process loses nothing
                either way.
        Raises: StoreError.
        """
        self.path = path
        self._lock = RLock()
        self._fault = ""  # why nothing is written any more
        with self._explain():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, cached_statements=64
            )
            tables = self._check()
            for pragma in (
                "journal_mode = WAL",
                f"synchronous = {'FULL' if survives_power_loss else 'NORMAL'}",
                f"cache_size = -{_CACHE_KIB}",
                f"wal_autocheckpoint = {_LOG_PAGES}",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
            if not tables:
                self._connection.executescript(
                    f"BEGIN; {schema} PRAGMA application_id = {_APPLICATION}; "
                    f"PRAGMA user_version = {_FORMAT}; COMMIT;"
                )

    def read(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """Rows, as this connection sees them: its own writes included. Raises: StoreError."""
        with self._explain():
            return self._connection.execute(query, values).fetchall()

    def write(self, statement: str, *rows: Sequence[object]) -> None:
        """Run a statement once for each row of values. Raises: StoreError."""
        self.write_all(statement, rows)

    def write_all(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values. Raises: StoreError."""
        with self._explain(is_writing=True):
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(statement, rows)

    def commit(self) -> None:
        """Keep what was written since the last time, all or nothing. Raises: StoreError."""
        with self._explain(is_writing=True):
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")

    def close(self) -> None:
        """Forget what was not committed and let go of the file."""
        with self._lock:
            self._connection.close()

    def __del__(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()

    def _check(self) -> int:
        """How many tables there are; they are ours."""
        ((application,),) = self._connection.execute("PRAGMA application_id").fetchall()
        ((found,),) = self._connection.execute("PRAGMA user_version").fetchall()
        ((tables,),) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        if tables and application != _APPLICATION:
            raise StoreError(f"{self.path} is another program's; use another data directory")
        if tables and found != _FORMAT:
            raise StoreError(
                f"{self.path} has format {found}, this version reads {_FORMAT}; "
                "use the version that wrote it, or another data directory"
            )
        return int(tables)

    @contextmanager
    def _explain(self, is_writing: bool = False) -> Iterator[None]:
        with self._lock:
            if is_writing and self._fault:
                raise StoreError(self._fault)
            try:
                yield
            except (sqlite3.Error, OSError) as fault:
                described = _describe(self.path, fault)
                if is_writing:
                    self._fault = described
                raise StoreError(described) from fault


def _describe(path: Path, fault: Exception) -> str:
    code = getattr(fault, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"{path} is damaged ({fault}); {describe_remedy(path)}"
    if code == sqlite3.SQLITE_FULL:
        return f"cannot write {path}: no space is left; free some and start again"
    if isinstance(fault, sqlite3.OperationalError | OSError):
        reason = getattr(fault, "strerror", None) or fault
        return f"cannot use {path}: {reason}; check that it is there and may be written"
    return f"{path} is damaged ({fault}); {describe_remedy(path)}"


def describe_remedy(path: Path) -> str:
    """What to do about a damaged file: a validator's state can be made again, a chain cannot."""
    if path.name == STATE_FILE:
        return "delete it, and its validator executes the chain again"
    return "put back a copy of the data directory, or start with another one"
