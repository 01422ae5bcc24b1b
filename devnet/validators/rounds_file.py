"""Where it outlives the process which rounds of heights that were taken back are free."""

import os
from collections.abc import Mapping

import cbor2

from devnet.config import Host
from devnet.errors import StoreError

ROUNDS_FILE = "rounds.cbor"


def load_free(host: Host) -> dict[int, int]:
    """By height; nothing if no height was ever taken back. Raises: StoreError."""
    if host.data_dir is None:
        return {}
    path = host.data_dir / ROUNDS_FILE
    try:
        found = cbor2.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, cbor2.CBORDecodeError) as fault:
        raise StoreError(f"cannot read {path}: {fault}; put back a copy") from fault
    if not isinstance(found, dict) or any(type(n) is not int for n in (*found, *found.values())):
        raise StoreError(f"{path} is damaged; put back a copy of the data directory")
    return found


def save_free(host: Host, free: Mapping[int, int]) -> None:
    """All or nothing. Raises: StoreError."""
    if host.data_dir is None:
        return
    path = host.data_dir / ROUNDS_FILE
    draft = path.with_suffix(".new")
    try:
        with draft.open("wb") as stream:
            stream.write(cbor2.dumps(dict(free)))
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as fault:
        raise StoreError(f"cannot write {path}: {fault.strerror}") from fault
