"""Decided blocks are found by number, hash, transaction and event, and forgotten on rewind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from devnet.chain.block import build_execution
from devnet.chain.history import History, LogQuery
from devnet.errors import UnknownBlock, UnknownTransaction

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

LOGGER = bytes.fromhex("a1" * 20)  # one event with the words of the call data as topics
OTHER = bytes.fromhex("a2" * 20)
A, B, C = (bytes([n]) * 32 for n in (1, 2, 3))


@pytest.fixture
def chain(make_bench: Callable[..., Bench], assemble: Callable[..., bytes]) -> History:
    """Genesis and three blocks: two transactions, none, one; each logs once or twice."""
    topics = (32, "CALLDATALOAD", 0, "CALLDATALOAD", 0, 0, "LOG2")
    single = (0, "CALLDATALOAD", 0, 0, "LOG1")
    bench = make_bench({LOGGER: assemble(*topics, *single), OTHER: assemble(*single)})
    history = History(build_execution(bench.genesis, (), (), ()))
    history.append(
        bench.run(bench.sign(to=LOGGER, data=A + B), bench.sign(1, to=OTHER, data=A + C))
    )
    history.append(bench.run())
    history.append(bench.run(bench.sign(to=LOGGER, data=B + A)))
    return history


def test_blocks_are_found_by_number_and_hash(chain: History) -> None:
    """Genesis included; what is not there is named with the head."""
    for number in range(4):
        block = chain.get_block(number)
        assert block.header.number == number
        assert chain.find_block(block.hash) is block
    assert chain.head is chain.get_block(3)
    for number in (4, -1):
        with pytest.raises(UnknownBlock, match=f"no block {number}; the head is 3"):
            chain.get_block(number)
    assert chain.find_block(bytes(32)) is None


def test_transactions_know_their_place(chain: History) -> None:
    """Block, index, receipt and the index of the first event in the block."""
    block = chain.get_block(1)
    for index, first_log in ((0, 0), (1, 2)):
        place = chain.get_transaction(block.transactions[index].hash)
        assert (place.block, place.index, place.first_log_index) == (block, index, first_log)
        assert place.receipt is block.receipts[index]
        assert place.inferences == ()
    with pytest.raises(UnknownTransaction, match=r"no transaction 0x00.* in blocks 0 to 3"):
        chain.get_transaction(bytes(32))


@pytest.mark.parametrize(
    ("addresses", "topics", "found"),
    [
        ((), (), [(1, 0), (1, 1), (1, 2), (3, 0), (3, 1)]),
        ((OTHER,), (), [(1, 2)]),
        ((LOGGER, OTHER), ((A,),), [(1, 0), (1, 1), (1, 2)]),
        ((), ((), (B,)), [(1, 0)]),
        ((), ((A, B), (A, B)), [(1, 0), (3, 0)]),
        ((), ((A,), (A,)), []),
        ((), ((), (), ()), []),
        ((bytes(20),), (), []),
    ],
)
def test_events_are_found_by_address_and_topics(
    chain: History,
    addresses: tuple[bytes, ...],
    topics: tuple[tuple[bytes, ...], ...],
    found: list[tuple[int, int]],
) -> None:
    """Empty choices match anything, more topics than an event has match nothing."""
    query = LogQuery(0, 3, addresses, topics)
    places = [(p.place.block.header.number, p.index) for p in chain.find_logs(query)]
    assert places == found
    later = LogQuery(2, 3, addresses, topics)
    assert [p.place.block.header.number for p in chain.find_logs(later)] == [
        number for number, _ in found if number >= 2
    ]


def test_ancestors_are_the_parent_first(chain: History) -> None:
    """As BLOCKHASH counts them; genesis has none."""
    hashes = [chain.get_block(number).hash for number in range(4)]
    assert chain.get_ancestors(3) == hashes[2::-1]
    assert chain.get_ancestors(0) == []


def test_rewind_forgets_blocks_and_their_transactions(chain: History) -> None:
    """Above the number nothing is found, at and below it everything."""
    kept, gone = chain.get_block(1), chain.get_block(3)
    chain.rewind(1)
    assert chain.head is kept
    assert chain.find_block(gone.hash) is None
    assert chain.find_transaction(gone.transactions[0].hash) is None
    assert chain.find_transaction(kept.transactions[0].hash) is not None
