"""A participant's log on disk, and the blocks that its entries name.

What `append` has written survives a crash of the machine: it has been synced when that returns.
"""

from pathlib import Path
from typing import Any

from devnet.consensus.participation.wal import Entry, Received, Signed
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal
from devnet.database import Database
from devnet.processes.message import Body
from devnet.record import Codec

LOG_FILE = "log.db"
_SCHEMA = """
CREATE TABLE entries (
    position INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, entry BLOB NOT NULL
);
CREATE TABLE bodies (value BLOB PRIMARY KEY, body BLOB NOT NULL);
"""
_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind for kind in (Received, Prevote, Precommit, Proposal, TimedOut)
}
_SIGNED = "signed "


class DiskLog:
    """The file `log.db` of a folder. Everything raises StoreError."""

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder / LOG_FILE, _SCHEMA, survives_power_loss=True)
        self._codec = Codec({})
        self._known: dict[bytes, None] = {}

    def append(self, entry: Entry) -> None:
        """Keep an entry beyond any crash."""
        said = entry.message if isinstance(entry, Signed) else entry
        kind = (_SIGNED if isinstance(entry, Signed) else "") + type(said).__name__
        row = (kind, self._codec.encode(said))
        self._database.write("INSERT INTO entries (kind, entry) VALUES (?, ?)", row)
        self._database.commit()

    def read(self) -> tuple[Entry, ...]:
        """All entries of the height in progress, oldest first."""
        rows = self._database.read("SELECT kind, entry FROM entries ORDER BY position")
        return tuple(self._decode(kind, data) for kind, data in rows)

    def begin(self) -> None:
        """Forget them and the blocks: the height is decided and stored."""
        for table in ("entries", "bodies"):
            self._database.write(f"DELETE FROM {table}", ())
        self._database.commit()
        self._known.clear()

    def keep_body(self, value: bytes, body: Body) -> None:
        """Keep a block that an entry may name; it counts from the next `append` on."""
        if value not in self._known:
            self._known[value] = None
            row = (value, self._codec.encode(body))
            self._database.write("INSERT OR REPLACE INTO bodies VALUES (?, ?)", row)

    def read_bodies(self) -> tuple[Body, ...]:
        """The blocks that entries name."""
        rows = self._database.read("SELECT body FROM bodies")
        return tuple(self._codec.decode(data, Body) for (data,) in rows)

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def _decode(self, kind: str, data: bytes) -> Entry:
        entry: Entry = self._codec.decode(data, _KINDS[kind.removeprefix(_SIGNED)])
        return Signed(entry) if kind.startswith(_SIGNED) else entry  # type: ignore[arg-type]
