"""Models of an audited chain, put where workers find them."""

from devnet.verification.audit.execution import Answer
from devnet.verification.audit.finding import Result
from devnet.verification.audit.record import Source
from precompiles.digest import compute_model_id
from precompiles.errors import ModelMissing, StoreCorrupt
from precompiles.models.file_store import FileStore


class Models:
    """Each is asked for once; what cannot be had is remembered."""

    def __init__(self, source: Source, store: FileStore) -> None:
        self._source = source
        self._store = store
        self._known: dict[bytes, Answer | None] = {}  # by id: why it cannot be run

    def prepare(self, model_id: bytes) -> Answer | None:
        """Why this model cannot be run here, nothing if it can."""
        if model_id not in self._known:
            self._known[model_id] = self._fetch(model_id)
        return self._known[model_id]

    def _fetch(self, model_id: bytes) -> Answer | None:
        try:
            model = self._source.read_model(model_id)
        except ModelMissing as missing:
            return Answer(Result.CANNOT_TELL, "model", str(missing))
        except StoreCorrupt as corrupt:
            return Answer(Result.REFUTED, "model", str(corrupt))
        found = compute_model_id(model)
        if found != model_id:
            text = f"0x{found.hex()}, the receipt says 0x{model_id.hex()}"
            return Answer(Result.REFUTED, "model", text)
        self._store.put(model)
        return None
