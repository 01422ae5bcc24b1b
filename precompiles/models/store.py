"""Content-addressed models: bytes under their own SHA-256, immutable.

Local to a host. What the chain knows of a model is in contract state (`precompiles/registry.py`).
"""

from typing import Protocol

from precompiles.digest import compute_model_id, encode_cid
from precompiles.errors import ModelMissing


class ModelStore(Protocol):
    """Where a host keeps model bytes."""

    def put(self, model: bytes) -> bytes: ...

    def get(self, model_id: bytes) -> bytes: ...


class MemoryStore:
    """Models of one process."""

    def __init__(self) -> None:
        self._blobs: dict[bytes, bytes] = {}

    def put(self, model: bytes) -> bytes:
        """Keep the bytes and return their id; putting them again changes nothing."""
        model_id = compute_model_id(model)
        self._blobs.setdefault(model_id, model)
        return model_id

    def get(self, model_id: bytes) -> bytes:
        """Raises: ModelMissing if this host has no bytes for the id."""
        blob = self._blobs.get(model_id)
        if blob is None:
            raise ModelMissing(
                f"0x{model_id.hex()} ({encode_cid(model_id)}) is not in this host's store; "
                "add it with 'devnet model add FILE'"
            )
        return blob
