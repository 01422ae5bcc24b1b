"""Signed log: a participant's log whose signed messages outlive the process.

What was received is kept in memory: after a restart nothing is signed otherwise than before, and
what was heard is said again by the others.
"""

import os
from pathlib import Path

import cbor2

from devnet.consensus.participation.wal import Entry, Signed
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.errors import StoreError
from devnet.record import Codec

_KINDS: tuple[type[Message], ...] = (Proposal, Prevote, Precommit)


class SignedLog:
    """One file, of one height; each message is in it before it leaves. Raises: StoreError."""

    def __init__(self, path: Path) -> None:
        self._path, self._codec = path, Codec({})
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._entries: list[Entry] = [Signed(message) for message in self._load()]
            self._size = os.fstat(self._descriptor).st_size
        except OSError as fault:
            raise StoreError(f"cannot use {path}: {fault.strerror}") from fault

    def append(self, entry: Entry) -> None:
        """Keep an entry; the file needs no flush to survive a kill."""
        if isinstance(entry, Signed):
            kind = _KINDS.index(type(entry.message))
            data = cbor2.dumps([kind, self._codec.encode(entry.message)])
            try:
                self._size += os.write(self._descriptor, data)
            except OSError as fault:
                raise StoreError(f"cannot write {self._path}: {fault.strerror}") from fault
        self._entries.append(entry)

    def read(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def begin(self) -> None:
        """Forget all: the height is decided and stored."""
        self._entries.clear()
        if self._size:
            try:
                os.ftruncate(self._descriptor, 0)
            except OSError as fault:
                raise StoreError(f"cannot write {self._path}: {fault.strerror}") from fault
            self._size = 0

    def close(self) -> None:
        os.close(self._descriptor)

    def _load(self) -> list[Message]:
        """All messages; one that was cut off has not left."""
        messages: list[Message] = []
        with self._path.open("rb") as stream:
            while True:
                try:
                    kind, data = cbor2.load(stream)
                    messages.append(self._codec.decode(data, _KINDS[kind]))
                except (cbor2.CBORDecodeError, ValueError, TypeError, IndexError, StoreError):
                    return messages
