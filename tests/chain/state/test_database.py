"""What the account database promises beyond being equal to py-evm's."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from eth.abc import AccountDatabaseAPI
from eth_utils.exceptions import ValidationError

from devnet.chain.header import EMPTY_TRIE_ROOT, Header
from devnet.chain.state.archive import Archive
from devnet.chain.state.database import AccountDatabase
from devnet.chain.world import World
from precompiles.digest import compute_keccak

if TYPE_CHECKING:
    from benches.stock import StockWorld

A, B = b"\xaa" * 20, b"\xbb" * 20


@pytest.fixture
def archive() -> Archive:
    """An archive of the empty state."""
    return Archive()


@pytest.fixture
def database(archive: Archive) -> AccountDatabase:
    """The empty state."""
    return AccountDatabase(archive, EMPTY_TRIE_ROOT)


def test_everything_py_evm_may_ask_of_a_database_is_there() -> None:
    """No method of its interface is missing."""
    assert {name for name in AccountDatabaseAPI.__abstractmethods__ if name != "__init__"} <= set(
        dir(AccountDatabase)
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("set_balance", (A, -1)),
        ("set_balance", (A, 2**256)),
        ("delta_balance", (A, -1)),
        ("set_nonce", (A, -1)),
        ("set_nonce", (A, 2**64)),
        ("set_storage", (A, 0, 2**256)),
        ("set_storage", (A, 0, -1)),
        ("set_storage", (A, 2**256, 0)),
        ("set_storage", (A, -1, 0)),
        ("set_balance", (b"short", 0)),
        ("touch_account", (b"", )),
    ],
)  # fmt: skip
def test_values_out_of_range_are_refused_as_by_py_evm(
    name: str,
    arguments: tuple[Any, ...],
    world: World,
    make_stock: Callable[[], StockWorld],
    header: Header,
) -> None:
    """The same class of error, and nothing is written."""
    for state in (world.open_empty(header), make_stock().open_empty(header)):
        with pytest.raises(ValidationError):
            getattr(state, name)(*arguments)
        assert state.make_state_root() == EMPTY_TRIE_ROOT


def test_discarding_goes_back_over_any_number_of_inner_checkpoints(
    database: AccountDatabase,
) -> None:
    """Committed or not, and more than once."""
    database.set_balance(A, 1)
    outer = database.record()
    database.set_storage(A, 1, 1)
    inner = database.record()
    database.set_code(A, b"\1")
    database.commit(inner)
    database.delete_account(A)
    for _ in range(2):
        database.discard(outer)
        assert (database.get_balance(A), database.get_code(A), database.get_storage(A, 1)) == (
            (1, b"", 0)
        )
        database.delete_storage(A)


def test_checkpoint_from_before_a_transaction_or_a_root_is_refused(
    database: AccountDatabase,
) -> None:
    """What is final cannot be undone by mistake; nor can what was undone already."""
    for make_final in (database.lock_changes, database.make_state_root):
        stale = database.record()
        database.set_balance(A, 1)
        make_final()
        with pytest.raises(ValueError, match="made final"):
            database.discard(stale)
    early = database.record()
    database.set_balance(A, 2)
    late = database.record()
    database.discard(early)
    with pytest.raises(ValueError, match="undone"):
        database.discard(late)


def test_original_word_is_that_of_the_transactions_start(database: AccountDatabase) -> None:
    """SSTORE's price depends on it: earlier blocks, earlier transactions, undone frames."""
    database.set_storage(A, 1, 5)
    assert database.get_storage(A, 1, from_journal=False) == 0
    database.lock_changes()
    checkpoint = database.record()
    for word in (6, 0, 7):
        database.set_storage(A, 1, word)
        assert database.get_storage(A, 1, from_journal=False) == 5
    database.discard(checkpoint)
    assert database.get_storage(A, 1, from_journal=False) == 5
    database.set_storage(A, 1, 8)
    database.persist()
    assert database.get_storage(A, 1, from_journal=False) == 8


def test_storage_without_an_account_makes_one(database: AccountDatabase) -> None:
    """As py-evm does when a root is made, and not before: system writes rely on it."""
    database.set_storage(A, 1, 1)
    assert not database.account_exists(A)
    assert database.make_state_root() != EMPTY_TRIE_ROOT
    assert database.account_exists(A)
    database.set_storage(A, 1, 0)
    database.make_state_root()
    assert database.account_exists(A)
    assert database.account_is_empty(A)
    database.delete_account(A)
    assert database.make_state_root() == EMPTY_TRIE_ROOT


def test_archive_knows_addresses_slots_and_codes(
    archive: Archive, database: AccountDatabase
) -> None:
    """A state can be listed by what was hashed into it."""
    database.set_code(A, b"code")
    database.set_storage(B, 3, 9)
    database.set_storage(B, 2**255, 8)
    database.persist()
    accounts = dict(archive.iterate_accounts(database.state_root))
    assert set(accounts) == {A, B}
    assert dict(archive.iterate_words(accounts[B])) == {3: 9, 2**255: 8}
    assert archive.get_code(accounts[A].code_hash) == b"code"


def test_nodes_are_named_by_their_hash(archive: Archive, database: AccountDatabase) -> None:
    """Every node and code of every state, each once."""
    for number in range(30):
        database.set_storage(A, number, number + 1)
        database.set_code(bytes([number]) * 20, bytes([number]))
        database.persist()
    nodes = list(archive.iterate_nodes())
    assert all(compute_keccak(encoded) == digest for digest, encoded in nodes)
    assert len(nodes) == len({digest for digest, _ in nodes})
    assert database.state_root in dict(nodes)
