"""Blocks of a chain on disk, with all that executing them yielded; a few in memory.

Blocks that were taken off are deleted when the file is opened again: somebody may be reading them.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from devnet.chain.block import Execution
from devnet.chain.header import Header, compute_header_hash, decode_header, list_header
from devnet.chain.transaction import Transaction, restore_transaction
from devnet.database import Database, describe_remedy
from devnet.errors import StoreError
from devnet.record import Codec

_RECENT = 256  # blocks in memory

SCHEMA = """
CREATE TABLE blocks (
    hash BLOB PRIMARY KEY, bloom BLOB NOT NULL, seal BLOB NOT NULL, execution BLOB NOT NULL
);
CREATE TABLE chain (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, difficulty TEXT NOT NULL);
CREATE TABLE removed (hash BLOB PRIMARY KEY);
CREATE TABLE places (
    transaction_hash BLOB, block_hash BLOB, position INTEGER NOT NULL,
    PRIMARY KEY (transaction_hash, block_hash)
) WITHOUT ROWID;
CREATE INDEX places_by_block ON places (block_hash);
"""


class BlockStore:
    """A shelf in a database that somebody else commits. Everything raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: dict[bytes, Execution] = {}
        self._has_removed = False
        database.write("DELETE FROM blocks WHERE hash IN (SELECT hash FROM removed)", ())
        database.write("DELETE FROM places WHERE block_hash IN (SELECT hash FROM removed)", ())
        database.write("DELETE FROM removed", ())
        database.commit()

    def list_chain(self) -> tuple[tuple[bytes, int], ...]:
        """Hash and difficulty of every block of the chain in order."""
        rows = self._database.read("SELECT number, hash, difficulty FROM chain ORDER BY number")
        if [number for number, _, _ in rows] != list(range(len(rows))):
            path = self._database.path
            raise StoreError(f"{path} is damaged: blocks are missing; {describe_remedy(path)}")
        return tuple((block_hash, int(difficulty)) for _, block_hash, difficulty in rows)

    def put(self, block: Execution, seal: bytes) -> None:
        header = block.header
        if self._has_removed:
            self._database.write("DELETE FROM removed WHERE hash = ?", (block.hash,))
        self._database.write(
            "INSERT OR REPLACE INTO blocks VALUES (?, ?, ?, ?)",
            (block.hash, header.logs_bloom, seal, build_codec().encode(block)),
        )
        self._database.write(
            "INSERT INTO chain VALUES (?, ?, ?)",
            (header.number, block.hash, str(header.difficulty)),
        )
        self._database.write(
            "INSERT OR REPLACE INTO places VALUES (?, ?, ?)",
            *(
                (transaction.hash, block.hash, i)
                for i, transaction in enumerate(block.transactions)
            ),
        )
        self._remember(block)

    def get(self, block_hash: bytes) -> Execution:
        found = self._recent.get(block_hash)
        if found is None:
            found = build_codec().decode(self._read("execution", block_hash), Execution)
            if found.hash != block_hash or compute_header_hash(found.header) != block_hash:
                self._refuse(block_hash, "has other bytes")
            self._remember(found)
        return found

    def get_seal(self, block_hash: bytes) -> bytes:
        return self._read("seal", block_hash)

    def get_bloom(self, block_hash: bytes) -> bytes:
        return self._read("bloom", block_hash)

    def find_places(self, transaction_hash: bytes) -> Iterable[tuple[bytes, int]]:
        rows: Any = self._database.read(
            "SELECT block_hash, position FROM places WHERE transaction_hash = ?",
            (transaction_hash,),
        )
        return rows  # type: ignore[no-any-return]

    def remove(self, blocks: Sequence[Execution]) -> None:
        self._has_removed = True
        for block in blocks:
            self._database.write("DELETE FROM chain WHERE number = ?", (block.header.number,))
            self._database.write("INSERT OR REPLACE INTO removed VALUES (?)", (block.hash,))

    def freeze(self) -> "BlockStore":
        return self

    def _read(self, column: str, block_hash: bytes) -> bytes:
        rows = self._database.read(f"SELECT {column} FROM blocks WHERE hash = ?", (block_hash,))
        if not rows:
            self._refuse(block_hash, "is missing")
        data: bytes = rows[0][0]
        return data

    def _refuse(self, block_hash: bytes, what: str) -> None:
        path = self._database.path
        raise StoreError(
            f"{path} is damaged: block 0x{block_hash.hex()} {what}; {describe_remedy(path)}"
        )

    def _remember(self, block: Execution) -> None:
        self._recent[block.hash] = block
        for old in list(self._recent)[:-_RECENT]:
            self._recent.pop(old, None)


@cache
def build_codec() -> Codec:
    """Writes and reads what a chain is made of; transactions are their bytes."""

    def list_transaction(transaction: Transaction) -> list[Any]:
        sidecar = transaction.sidecar
        parts = sidecar and (sidecar.version, sidecar.blobs, sidecar.commitments, sidecar.proofs)
        return [transaction.raw, transaction.sender, transaction.era, parts]

    def build_transaction(parts: Any, _: type[Any]) -> Transaction:
        return restore_transaction(*parts)

    def build_header(items: Any, _: type[Any]) -> Header:
        return decode_header(items)

    return Codec(
        {Header: (list_header, build_header), Transaction: (list_transaction, build_transaction)}
    )
