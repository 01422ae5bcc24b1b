"""Store: bytes under their own hash, never changed."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.digest import encode_cid
from precompiles.errors import ModelMissing
from precompiles.models.store import MemoryStore


@given(st.lists(st.binary(max_size=64)))
def test_what_is_put_comes_back_under_its_hash(models: list[bytes]) -> None:
    """Ids are SHA-256 of the bytes, in any order and number."""
    store = MemoryStore()
    ids = [store.put(model) for model in models]
    assert ids == [hashlib.sha256(model).digest() for model in models]
    assert [store.get(model_id) for model_id in ids] == models


def test_putting_again_changes_nothing() -> None:
    """The same bytes have the same id and are kept once."""
    store = MemoryStore()
    assert store.put(b"model") == store.put(b"model")
    assert store.get(store.put(b"model")) == b"model"


def test_a_caller_cannot_change_what_is_stored() -> None:
    """The store keeps bytes of its own, not a view of the caller's buffer."""
    buffer = bytearray(b"model")
    store = MemoryStore()
    model_id = store.put(bytes(buffer))
    buffer[:] = b"other"
    assert store.get(model_id) == b"model"


def test_a_missing_model_is_named_with_the_remedy() -> None:
    """Hex for logs, CID for IPFS, and the command that adds it."""
    model_id = hashlib.sha256(b"nowhere").digest()
    with pytest.raises(ModelMissing) as fault:
        MemoryStore().get(model_id)
    message = str(fault.value)
    assert f"0x{model_id.hex()}" in message
    assert encode_cid(model_id) in message
    assert "devnet model add" in message


def test_stores_do_not_see_each_other() -> None:
    """Each host has its own."""
    model_id = MemoryStore().put(b"model")
    with pytest.raises(ModelMissing):
        MemoryStore().get(model_id)
