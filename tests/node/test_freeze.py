"""A frozen node: one moment of a chain that goes on, comes back and goes on differently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.chain.history import LogQuery
from devnet.events import BlockAdded, BlocksRemoved, Event, IntervalSet, TransactionSeen
from devnet.node import Node
from devnet.validators.misbehaviour import HONEST, parse_behavior

if TYPE_CHECKING:
    from tests.conftest import Driver

FRESH = bytes.fromhex("f5" * 20)
LOG = b"\x5f\x5f\xa0"  # PUSH0 PUSH0 LOG0


def describe(node: Node) -> tuple[object, ...]:
    """What a reader may ask of a node."""
    head = node.head.header.number
    blocks = [node.history.get_block(number) for number in range(head + 1)]
    return (
        [block.hash for block in blocks],
        [node.history.find_block(block.hash) is block for block in blocks],
        [node.history.find_transaction(t.hash) for block in blocks for t in block.transactions],
        [place.index for place in node.history.find_logs(LogQuery(0, 2**64))],
        node.history.get_ancestors(head),
        [node.get_certificate(number) for number in range(1, head + 1)],
        [node.open_state(number).get_balance(FRESH) for number in range(head + 1)],
        node.pool.all(),
        node.get_pending_nonce(node.accounts[0].address),
        (node.cluster.reader.name, node.cluster.round, node.cluster.waiting),
        node.cluster.record.disagreements,
        (node.automine, node.timeline, node.next_base_fee),
    )


def test_a_frozen_node_stays_as_it_was(driver: Driver) -> None:
    """Through blocks, waiting transactions, faults, halts and reverts; each of several its own."""
    node, frozen = driver.node, []

    def freeze() -> None:
        frozen.append((node.freeze(), describe(node)))

    emitter = driver.deploy(LOG)
    freeze()
    snapshot = node.snapshot()
    driver.send(emitter)
    driver.send(FRESH)
    freeze()
    node.set_automine(False)
    node.send_raw(driver.sign(FRESH, value=5))
    freeze()
    node.set_behavior("v0", parse_behavior("crash"))
    node.increase_time(100)
    node.mine(2)
    freeze()
    node.revert(snapshot)
    freeze()
    node.set_behavior("v0", HONEST)
    node.set_automine(True)
    for value in range(4):
        node.send_raw(driver.sign(FRESH, value=value + 50))
    freeze()
    for view, described in frozen:
        assert describe(view) == described
    assert len({described[0][-1] for _, described in frozen}) == 4  # type: ignore[index]


def test_what_a_frozen_node_does_not_have_it_does_not_find(driver: Driver) -> None:
    """Blocks and transactions of later are not there, though storage is shared."""
    frozen = driver.node.freeze()
    later = driver.send(FRESH)
    assert frozen.history.find_block(later.block.hash) is None
    assert frozen.history.find_transaction(later.transaction.hash) is None
    assert frozen.history.get_ancestors(2) == frozen.history.get_ancestors(1)


def test_a_frozen_cluster_decides_nothing(driver: Driver) -> None:
    """A method that writes where it should read is found at once."""
    with pytest.raises(AssertionError, match="a frozen cluster decides nothing"):
        driver.node.freeze().mine()


def test_observers_are_told_in_order_and_find_what_they_are_told(driver: Driver) -> None:
    """Transaction, block, and all blocks of a revert at once, the newest first."""
    node, told = driver.node, []

    def observe(event: Event) -> None:
        if isinstance(event, TransactionSeen):
            assert node.pool.get(event.transaction.hash) is event.transaction
        elif isinstance(event, BlockAdded):
            assert node.head is event.block
            assert node.get_certificate(event.block.header.number) == event.certificate
            assert len(node.pool) == 0
        elif isinstance(event, BlocksRemoved):
            assert node.head.hash == event.blocks[-1].header.parent_hash
        told.append(event)

    snapshot = node.snapshot()
    node.observers.append(observe)
    first, second = driver.send(FRESH), driver.send(FRESH)
    node.revert(snapshot)
    node.revert(node.snapshot())
    node.set_interval(2.5)
    node.set_automine(True)
    node.set_automine(True)
    assert [type(event) for event in told[:4]] == [TransactionSeen, BlockAdded] * 2
    assert told[4:] == [
        BlocksRemoved((second.block, first.block)),
        IntervalSet(2.5),
        IntervalSet(0.0),
    ]
