"""What one validator keeps on disk: trie nodes and codes by hash, preimages, accepted blocks.

Rows never change: what has a hash is written once, whatever block needs it. Each is checked
against its hash when it is read.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from devnet.database import STATE_FILE, Database, describe_remedy
from devnet.errors import StoreError
from precompiles.digest import compute_keccak

_BATCH = 32  # blocks
Pair = tuple[bytes, bytes]  # hash, and what has it

_SCHEMA = """
CREATE TABLE data (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE preimages (hash BLOB PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE accepted (number INTEGER PRIMARY KEY, hash BLOB NOT NULL);
"""


class NodeStore:
    """The file `state.db` of a folder. Everything raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / STATE_FILE, _SCHEMA, survives_power_loss=False)
        self._uncommitted = 0  # blocks

    def find(self, key: bytes) -> bytes | None:
        """A node or a code."""
        return self._find("data", key)

    def get(self, key: bytes) -> bytes:
        """A node or a code that must be there."""
        found = self._find("data", key)
        if found is None:
            path = self._database.path
            raise StoreError(f"{path} lacks 0x{key.hex()}; {describe_remedy(path)}")
        return found

    def find_preimage(self, key: bytes) -> bytes | None:
        """What was hashed to a path: an address, or a slot as 32 bytes."""
        return self._find("preimages", key)

    def iterate(self) -> Iterator[Pair]:
        """All nodes and codes."""
        yield from self._database.read("SELECT hash, bytes FROM data ORDER BY hash")

    def write(self, data: Iterable[Pair], preimages: Iterable[Pair]) -> None:
        """Add nodes, codes and preimages; they count from `accept` on."""
        for table, rows in (("data", data), ("preimages", preimages)):
            self._database.write_all(f"INSERT OR IGNORE INTO {table} VALUES (?, ?)", rows)

    def accept(self, number: int, block_hash: bytes) -> None:
        """Remember the block whose state is complete now.

        Some blocks are committed together; what is lost with the process is executed again.
        """
        self._database.write("INSERT OR REPLACE INTO accepted VALUES (?, ?)", (number, block_hash))
        self._uncommitted += 1
        if self._uncommitted >= _BATCH:
            self._commit()

    def rewind(self, number: int) -> None:
        """Forget that blocks above `number` were accepted."""
        self._database.write("DELETE FROM accepted WHERE number > ?", (number,))
        self._commit()

    def iterate_accepted(self) -> Iterator[tuple[int, bytes]]:
        """Number and hash of the accepted blocks, latest first."""
        yield from self._database.read("SELECT number, hash FROM accepted ORDER BY number DESC")

    def close(self) -> None:
        """Keep all that can be kept and let go of the file."""
        with suppress(StoreError):  # what is not kept is executed again
            if self._uncommitted:
                self._commit()
        self._database.close()

    def _commit(self) -> None:
        self._database.commit()
        self._uncommitted = 0

    def _find(self, table: str, key: bytes) -> bytes | None:
        rows = self._database.read(f"SELECT bytes FROM {table} WHERE hash = ?", (key,))
        if not rows:
            return None
        found: bytes = rows[0][0]
        if compute_keccak(found) != key:
            path = self._database.path
            raise StoreError(
                f"{path} is damaged: 0x{key.hex()} has other bytes; {describe_remedy(path)}"
            )
        return found
