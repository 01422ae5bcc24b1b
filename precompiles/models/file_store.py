"""Models on disk: one file per blob, named by its SHA-256, written beside and renamed when whole.

A blob appears under its id complete or not at all, also after a crash or a full disk.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from precompiles.digest import encode_cid
from precompiles.errors import ModelMissing, StoreCorrupt

_CHUNK_BYTES = 1 << 20
_PARTIAL = ".partial"


class FileStore:
    """Blobs under one folder; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, model: bytes) -> bytes:
        """Keep the bytes and return their id; putting them again changes nothing."""
        return self.put_stream([model])

    def put_stream(self, chunks: Iterable[bytes]) -> bytes:
        """Keep a model that arrives in pieces; needs memory for one piece only.

        Raises: what reading a piece raises; then nothing is kept. OSError if the disk refuses.
        """
        digest = hashlib.sha256()
        descriptor, name = tempfile.mkstemp(suffix=_PARTIAL, dir=self._folder)
        partial = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in chunks:
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._locate(digest.digest()))
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self._sync_folder()
        return digest.digest()

    def put_file(self, path: Path) -> bytes:
        """Keep a copy of a file. Raises: OSError if it cannot be read."""
        with path.open("rb") as file:
            return self.put_stream(iter(lambda: file.read(_CHUNK_BYTES), b""))

    def get(self, model_id: bytes) -> bytes:
        """The bytes of a model, checked against the id.

        Raises: ModelMissing if there are none; StoreCorrupt if the file was changed on disk.
        """
        try:
            model = self._locate(model_id).read_bytes()
        except FileNotFoundError:
            raise ModelMissing(
                f"0x{model_id.hex()} ({encode_cid(model_id)}) is not in {self._folder}; "
                "add it with 'devnet model add FILE'"
            ) from None
        if hashlib.sha256(model).digest() != model_id:
            raise StoreCorrupt(
                f"{self._locate(model_id)} does not hash to its name; delete it and add it again"
            )
        return model

    def list(self) -> Iterator[bytes]:
        """Ids of all blobs, in order."""
        for path in sorted(self._folder.iterdir()):
            if path.suffix != _PARTIAL:
                yield bytes.fromhex(path.name)

    def _locate(self, model_id: bytes) -> Path:
        return self._folder / model_id.hex()

    def _sync_folder(self) -> None:
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
