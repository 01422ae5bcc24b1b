"""A validator's own model store and engine, as the host's configuration asks for them."""

from devnet.chain.state.node_store import NodeStore
from devnet.config import Host
from devnet.consensus.participation.wal import MemoryWal, Wal
from devnet.errors import ConfigError
from devnet.validators.evidence_shelf import EvidenceShelf
from devnet.validators.signed_log import SignedLog
from precompiles.engine.isolated import IsolatedEngine
from precompiles.engine.local import LocalEngine
from precompiles.engine.trace import TracedEngine
from precompiles.models.file_store import FileStore
from precompiles.models.store import MemoryStore, ModelStore

SIGNED_FILE = "signed.log"  # in a validator's folder


def build_store(host: Host, name: str) -> ModelStore:
    """Where one validator keeps model bytes: its own folder, or memory.

    Raises: ConfigError if the folder cannot be made.
    """
    if host.data_dir is None:
        return MemoryStore()
    folder = host.data_dir / name / "models"
    try:
        return FileStore(folder)
    except OSError as fault:
        raise ConfigError(f"cannot use --data-dir {host.data_dir}: {fault.strerror}") from fault


def build_node_store(host: Host, name: str) -> NodeStore | None:
    """Where one validator keeps its state: its own folder, or nowhere.

    Raises: StoreError if the file cannot be used.
    """
    return None if host.data_dir is None else NodeStore(host.data_dir / name)


def build_log(host: Host, name: str) -> Wal:
    """Where one validator keeps what it has signed: its own folder, or memory.

    Raises: StoreError if the file cannot be used.
    """
    return MemoryWal() if host.data_dir is None else SignedLog(host.data_dir / name / SIGNED_FILE)


def build_evidence_shelf(host: Host) -> EvidenceShelf | None:
    """Where evidence outlives the process, or nowhere. Raises: StoreError."""
    return None if host.data_dir is None else EvidenceShelf(host.data_dir)


def build_engine(host: Host, store: ModelStore) -> TracedEngine:
    """Sessions in this process, or in a worker under limits."""
    if host.isolate:
        return IsolatedEngine(store, host.memory_bytes, host.time_s)
    return LocalEngine(store)
