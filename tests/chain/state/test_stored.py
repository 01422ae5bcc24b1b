"""A state on disk is the state in memory: same values, roots and proofs, read as it is walked."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from devnet.chain.state import archive as archive_module
from devnet.chain.state.account import encode_account
from devnet.chain.state.archive import Archive
from devnet.chain.state.database import AccountDatabase
from devnet.chain.state.node_store import NodeStore
from devnet.chain.state.proof import prove_account
from devnet.chain.state.stored import Stored
from devnet.chain.state.trie import EMPTY
from devnet.errors import StoreError

ADDRESSES = [bytes([n]) * 20 for n in range(40)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[NodeStore]:
    store = NodeStore(tmp_path)
    yield store
    store.close()


def change(database: AccountDatabase, dice: random.Random) -> None:
    """A few steps of a block."""
    for _ in range(dice.randrange(1, 12)):
        address = dice.choice(ADDRESSES)
        match dice.randrange(5):
            case 0:
                database.set_balance(address, dice.randrange(2**70))
            case 1:
                database.set_code(address, dice.randbytes(dice.randrange(1, 60)))
            case 2:
                database.delete_account(address)
            case _:
                word = dice.choice((0, 1, dice.randrange(2**256)))
                database.set_storage(address, dice.randrange(20), word)


def list_accounts(archive: Archive, root: bytes) -> list[tuple[bytes, bytes]]:
    """Addresses and encoded accounts."""
    return [(a, encode_account(account)) for a, account in archive.iterate_accounts(root)]


def test_states_read_from_disk_are_those_that_were_kept(tmp_path: Path, store: NodeStore) -> None:
    """Block after block on two archives, one of which forgets its memory all the time."""
    dice, plain, kept = random.Random(1), Archive(), Archive(store)
    root = EMPTY.root
    roots = []
    for number in range(120):
        seed = dice.randrange(2**32)
        found = []
        for archive in (plain, kept):
            database = AccountDatabase(archive, root)
            change(database, random.Random(seed))
            database.persist()
            found.append(database.state_root)
        assert found[0] == found[1]
        root = found[0]
        roots.append(root)
        kept.keep(root, number, bytes([number]) * 32)
        if number % 7 == 0:
            kept = Archive(store)
    fresh = Archive(store)
    for root in roots:
        assert root in fresh
        assert list_accounts(fresh, root) == list_accounts(plain, root)
        for address in ADDRESSES[::9]:
            own = prove_account(fresh.get_state(root), address, range(3))
            wanted = prove_account(plain.get_state(root), address, range(3))
            assert (own.nodes, own.words) == (wanted.nodes, wanted.words)
            assert list(fresh.iterate_words(own.account)) == list(
                plain.iterate_words(wanted.account)
            )
            opened = AccountDatabase(fresh, root)
            assert opened.get_code(address) == AccountDatabase(plain, root).get_code(address)
    assert dict(store.iterate()).keys() >= dict(plain.iterate_nodes()).keys() - {EMPTY.root}


def test_a_node_is_written_once_and_read_when_walked(store: NodeStore) -> None:
    """A block on a large state writes its own path, and a look-up reads one."""
    archive = Archive(store)
    database = AccountDatabase(archive, EMPTY.root)
    for n in range(1, 2_000):
        database.set_balance(n.to_bytes(20, "big"), n)
    database.persist()
    archive.keep(database.state_root, 0, bytes(32))
    before = len(dict(store.iterate()))
    database.set_balance(ADDRESSES[0], 1)
    database.persist()
    archive.keep(database.state_root, 1, bytes(32))
    assert before < len(dict(store.iterate())) <= before + 6
    fresh = Archive(store)
    state = fresh.get_state(database.state_root)
    assert isinstance(state, Stored)
    AccountDatabase(fresh, database.state_root).get_balance(ADDRESSES[0])
    assert 1 <= fresh._accounts.loaded <= 5


def test_memory_is_bounded(store: NodeStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many nodes the archive begins anew; the states it knows stay open."""
    monkeypatch.setattr(archive_module, "_MAX_NODES", 200)
    archive = Archive(store)
    database = AccountDatabase(archive, EMPTY.root)
    roots = []
    for number in range(300):
        database.set_balance(number.to_bytes(20, "big"), 1)
        database.persist()
        roots.append(database.state_root)
        archive.keep(database.state_root, number, bytes(32))
        assert archive._fresh + archive._accounts.loaded <= 220
        assert len(archive._states) <= 65
        database = AccountDatabase(archive, database.state_root)
    assert all(root in archive for root in roots)
    assert AccountDatabase(archive, roots[100]).get_balance((100).to_bytes(20, "big")) == 1


def test_other_bytes_under_a_hash_are_noticed(tmp_path: Path, store: NodeStore) -> None:
    """Changed or missing: the file is named, and what to do."""
    archive = Archive(store)
    database = AccountDatabase(archive, EMPTY.root)
    database.set_code(ADDRESSES[1], b"code")
    database.persist()
    root, code_hash = database.state_root, database.get_code_hash(ADDRESSES[1])
    archive.keep(root, 0, bytes(32))
    store.close()
    with sqlite3.connect(tmp_path / "state.db") as other:
        other.execute("UPDATE data SET bytes = x'00' WHERE hash = ?", (root,))
        other.execute("DELETE FROM data WHERE hash = ?", (code_hash,))
    fresh = Archive(NodeStore(tmp_path))
    with pytest.raises(StoreError, match=r"state.db is damaged: 0x.* has other bytes; delete it"):
        fresh.get_state(root)
    with pytest.raises(StoreError, match=r"state.db lacks 0x.*; delete it"):
        fresh.get_code(code_hash)
