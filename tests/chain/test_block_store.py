"""Blocks on disk are the blocks that were put there, with everything executing them yielded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devnet.chain import block_store
from devnet.chain.block import Execution
from devnet.chain.block_store import SCHEMA, BlockStore, build_codec
from devnet.chain.history import History, LogQuery, find_block_logs
from devnet.chain.transaction import Transaction
from devnet.database import Database
from devnet.errors import StoreError

if TYPE_CHECKING:
    from tests.conftest import Driver


@pytest.fixture(scope="module")
def chain(start: type[Driver]) -> tuple[Execution, ...]:
    """Blocks with inferences, a creation, a revert and nothing; the first has no transaction."""
    driver = start(validators=1)
    driver.infer(driver.add_digits())
    driver.deploy(b"\x5f\x5f\xfd")
    driver.node.send_raw(driver.sign(driver.deploy(b"\x5f\x5f\xfd"), gas=60_000))
    driver.node.mine()
    return tuple(driver.node.history.get_block(n) for n in range(driver.node.head.header.number))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "chain.db", SCHEMA, survives_power_loss=False)
    yield database
    database.close()


def test_a_history_on_disk_answers_as_one_in_memory(
    chain: tuple[Execution, ...], database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By number, hash and transaction; also when hardly anything stays in memory."""
    monkeypatch.setattr(block_store, "_RECENT", 2)
    history = History(chain[0], BlockStore(database))
    for block in chain[1:]:
        history.append(block, b"seal of " + block.hash)
    database.commit()
    shelf = BlockStore(database)
    again = History.restore(shelf, shelf.list_chain())
    for found in (history, again):
        assert found.head == chain[-1]
        for number, block in enumerate(chain):
            assert found.get_block(number) == block
            assert found.find_block(block.hash) == block
            assert list(found.find_logs(LogQuery(number, number))) == list(
                find_block_logs(block, LogQuery(number, number))
            )
            assert found.get_seal(number) == (b"seal of " + block.hash if number else b"")
            for index, transaction in enumerate(block.transactions):
                place = found.get_transaction(transaction.hash)
                assert (place.block, place.index) == (block, index)
                assert place.transaction.evm.sender == transaction.sender


def test_blocks_that_were_taken_off_stay_until_the_next_start(
    chain: tuple[Execution, ...], database: Database
) -> None:
    """A frozen history still finds them; one put on again later is not deleted."""
    shelf = BlockStore(database)
    history = History(chain[0], shelf)
    for block in chain[1:5]:
        history.append(block)
    frozen = history.freeze()
    history.rewind(1)
    assert frozen.get_block(4) == chain[4]
    assert frozen.find_transaction(chain[2].transactions[0].hash) is not None
    assert history.find_transaction(chain[2].transactions[0].hash) is None
    history.append(chain[2])
    database.commit()
    later = BlockStore(database)
    assert len(later.list_chain()) == 3
    assert later.get(chain[2].hash) == chain[2]
    with pytest.raises(StoreError, match="is missing; put back a copy"):
        later.get(chain[4].hash)


def test_a_chain_with_a_gap_is_damaged(chain: tuple[Execution, ...], database: Database) -> None:
    """Every number from 0 to the head has its row."""
    shelf = BlockStore(database)
    history = History(chain[0], shelf)
    for block in chain[1:4]:
        history.append(block)
    database.write("DELETE FROM chain WHERE number = ?", (2,))
    with pytest.raises(StoreError, match="damaged: blocks are missing"):
        shelf.list_chain()


def test_bytes_that_are_no_block_are_an_error_with_a_remedy(chain: tuple[Execution, ...]) -> None:
    """Cut anywhere, or of another kind; never anything but the block or a StoreError."""
    encoded = build_codec().encode(chain[2])
    assert build_codec().decode(encoded, Execution) == chain[2]
    for end in range(0, len(encoded), 97):
        with pytest.raises(StoreError, match="a stored Execution does not read"):
            build_codec().decode(encoded[:end], Execution)
    with pytest.raises(StoreError, match="a stored Transaction does not read"):
        build_codec().decode(encoded, Transaction)
