"""The secret of one process: its validator's key, in a file that only its owner reads."""

import os
from pathlib import Path

from devnet.errors import ConfigError

FILE = "key"
_KEY_BYTES = 32


def load_key(folder: Path) -> bytes:
    """Raises: ConfigError if there is no key, or it does not read."""
    path = folder / FILE
    try:
        key = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except FileNotFoundError:
        raise ConfigError(
            f"{folder} has no key of a validator; it is in the file '{FILE}'"
        ) from None
    except (OSError, ValueError) as broken:
        raise ConfigError(f"{path} does not read: {broken}") from broken
    if len(key) != _KEY_BYTES:
        raise ConfigError(f"{path} holds {len(key)} bytes; a key has {_KEY_BYTES}")
    return key


def save_key(folder: Path, key: bytes) -> None:
    """Write a key where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write(f"0x{key.hex()}\n")


def has_key(folder: Path) -> bool:
    """Whether a process has lived here before."""
    return (folder / FILE).exists()
