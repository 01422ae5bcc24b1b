"""Aliases: names of registered models, kept by the registry.

First come, first served; who set a name may move it. Layout (see `storage.py`):

    alias/<name> 0: model id   1: owner
    aliases/     list of keccak of names   name/<hash>: the name, as bytes
"""

import re

from eth_abi.abi import encode

from precompiles.digest import compute_keccak
from precompiles.errors import BadInput, NotAllowed, TooLarge
from precompiles.interface import Address, StateView, StorageReader
from precompiles.storage import append_word, compute_slot, read_bytes, read_list, write_bytes

MAX_ALIAS_BYTES = 128  # bytes of an alias in UTF-8
ALIAS_TOPIC = compute_keccak(b"AliasSet(string,bytes32,address)")
_ID = re.compile(r"0x[0-9a-fA-F]{64}|bafkrei[a-z2-7]{52}")
_WORD = 32


def read_aliases(state: StorageReader, registry: Address) -> dict[str, bytes]:
    """Every alias and the model it names."""
    names = (
        read_bytes(state, registry, compute_slot(b"name", key)).decode()
        for key in read_list(state, registry, compute_slot(b"aliases"))
    )
    return {name: read_alias(state, registry, name) or b"" for name in names}


def read_alias(state: StorageReader, registry: Address, name: str) -> bytes | None:
    """Model id behind an alias, or nothing."""
    word = state.load(registry, compute_slot(b"alias", name.encode()))
    return word.to_bytes(_WORD, "big") if word else None


def check_alias(name: str) -> bytes:
    """The name in UTF-8.

    Raises: BadInput for an empty name or one that reads as an id; TooLarge.
    """
    key = name.encode()
    if not key:
        raise BadInput("an alias needs at least one character")
    if len(key) > MAX_ALIAS_BYTES:
        raise TooLarge(f"alias of {len(key)} bytes, at most {MAX_ALIAS_BYTES}")
    if looks_like_id(name):
        raise BadInput(f"alias '{name}' reads as a model id; choose another name")
    return key


def write_alias(registry: Address, name: str, model_id: bytes, state: StateView) -> None:
    """Name a registered model, or move a name of the caller's.

    Raises: NotAllowed if the name is another's.
    """
    key = name.encode()
    at = compute_slot(b"alias", key)
    taken = state.load(registry, at) != 0
    owner = state.load(registry, at + 1).to_bytes(_WORD, "big")[12:]
    if taken and owner != state.caller:
        raise NotAllowed(f"alias '{name}' belongs to 0x{owner.hex()}; choose another name")
    if not taken:
        digest = compute_keccak(key)
        append_word(state, registry, compute_slot(b"aliases"), digest)
        write_bytes(state, compute_slot(b"name", digest), key)
    state.store(at, int.from_bytes(model_id, "big"))
    state.store(at + 1, int.from_bytes(state.caller, "big"))
    topics = (ALIAS_TOPIC, model_id, state.caller.rjust(_WORD, b"\0"))
    state.log(topics, encode(["string"], [name]))


def looks_like_id(name: str) -> bool:
    """Whether a text would be read as a model id or a CIDv1 before it is read as an alias."""
    return bool(_ID.fullmatch(name))
