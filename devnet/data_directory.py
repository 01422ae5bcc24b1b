"""A data directory: what a node keeps beyond its process, in `chain.db`, and the lock on it.

A block counts when the transaction that holds it is committed, together with the pool and the
settings of that moment.
"""

import fcntl
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

from devnet.chain.block_store import SCHEMA, BlockStore, build_codec
from devnet.chain.genesis_file import Genesis
from devnet.chain.history import History
from devnet.chain.transaction import Transaction
from devnet.config import Config
from devnet.database import CHAIN_FILE, Database
from devnet.errors import ConfigError, StoreError
from devnet.timeline import Timeline

T = TypeVar("T")
_LOCK = "lock"
_CHANGEABLE = ("block_time_s", "order")  # of a configuration: they concern later blocks alone
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE waiting (
    position INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL, bytes BLOB NOT NULL
);
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node was told while it ran, and still holds after a restart."""

    timeline: Timeline
    automine: bool
    interval_s: float
    behaviors: tuple[str, ...]  # of the validators in order, as `parse_behavior` reads them


@dataclass(frozen=True, slots=True)
class Engines:
    """What the fingerprints in votes stand for: (field, text) of each."""

    descriptions: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Network:
    """Who goes on with the chain, and from which block."""

    config: Config
    first_signed: int


class DataDirectory:
    """One folder, one process. Everything raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = _Lock(folder)
        try:
            self._open()
        except BaseException:
            self._lock.close()
            raise

    def _open(self) -> None:
        path = self.folder / CHAIN_FILE
        self._database = Database(path, SCHEMA + _TABLES, survives_power_loss=True)
        self.shelf = BlockStore(self._database)
        self.genesis = self._load("genesis", Genesis)  # of a chain made elsewhere
        self.network = self._load("network", Network)  # nothing before the first start
        chain = self.shelf.list_chain()
        self.history = History.restore(self.shelf, chain) if chain else None
        self.settings = self._load("settings", Settings)
        self.engines = self._load("engines", Engines) or Engines(())
        self._waiting = [h for (h,) in self._read("SELECT hash FROM waiting ORDER BY position")]

    def choose_genesis(self, genesis: Genesis) -> None:
        """Begin a chain with it. Raises: ConfigError if there is another chain."""
        if self.genesis == genesis:
            return
        if self.genesis is not None or self.history is not None:
            raise ConfigError(
                f"{self.folder} holds a chain with another genesis; leave --genesis out to go on "
                "with it, or use another data directory"
            )
        self.genesis = genesis
        self._save("genesis", genesis)

    def choose_config(self, config: Config, first_signed: int) -> None:
        """Let a network go on with the chain. Raises: ConfigError if there is another one."""
        if self.network is not None:
            for field in fields(Config):
                kept, given = getattr(self.network.config, field.name), getattr(config, field.name)
                if kept != given and field.name not in _CHANGEABLE:
                    name = field.name.replace("_", " ")
                    raise ConfigError(
                        f"{self.folder} holds a chain with {name} {kept}, not {given}; leave the "
                        "option out to go on with it, or use another data directory"
                    )
        self.network = Network(config, first_signed)
        self._save("network", self.network)

    def load_waiting(self) -> tuple[Transaction, ...]:
        """Transactions of the pool, oldest first."""
        rows = self._read("SELECT bytes FROM waiting ORDER BY position")
        return tuple(build_codec().decode(data, Transaction) for (data,) in rows)

    def save(self, waiting: Sequence[Transaction], settings: Settings) -> None:
        """Keep blocks, pool and settings as they are now, all or nothing."""
        self._save_waiting(waiting)
        if settings != self.settings:
            self._save("settings", settings)
            self.settings = settings
        self._database.commit()

    def keep_engines(self, engines: Engines) -> None:
        """Keep, with the next block, what the fingerprints in votes stand for."""
        if engines != self.engines:
            self._save("engines", engines)
            self.engines = engines

    def commit(self) -> None:
        """Keep the blocks that were put on the shelf."""
        self._database.commit()

    def close(self) -> None:
        """Let another process have the folder."""
        self._database.close()
        self._lock.close()

    def _save_waiting(self, waiting: Sequence[Transaction]) -> None:
        hashes = [transaction.hash for transaction in waiting]
        if hashes == self._waiting:
            return
        held = set(hashes)
        kept = [known for known in self._waiting if known in held]
        if hashes[: len(kept)] != kept:  # in another order
            kept = []
        gone = set(self._waiting).difference(kept)
        self._database.write_all(
            "DELETE FROM waiting WHERE hash = ?", ((h,) for h in self._waiting if h in gone)
        )
        self._database.write_all(
            "INSERT INTO waiting (hash, bytes) VALUES (?, ?)",
            ((t.hash, build_codec().encode(t)) for t in waiting[len(kept) :]),
        )
        self._waiting = hashes

    def _save(self, name: str, value: object) -> None:
        row = (name, build_codec().encode(value))
        self._database.write("INSERT OR REPLACE INTO facts VALUES (?, ?)", row)

    def _load(self, name: str, kind: type[T]) -> T | None:
        rows = self._database.read("SELECT value FROM facts WHERE name = ?", (name,))
        return build_codec().decode(rows[0][0], kind) if rows else None

    def _read(self, query: str) -> list[tuple[bytes]]:
        return self._database.read(query)


class _Lock:
    """A file that one process holds; the system lets go of it when that ends, however it does."""

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as fault:
            raise ConfigError(f"cannot use data directory {folder}: {fault.strerror}") from fault
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as held:
            owner = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            self.close()
            raise StoreError(
                f"{folder} is in use by process {owner or 'unknown'}; stop it, or use another data "
                "directory"
            ) from held
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
