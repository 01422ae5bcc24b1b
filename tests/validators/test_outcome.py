"""The first transaction that ends otherwise is named, with what differs in its receipt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from devnet.chain.block import Execution, Log
from devnet.validators.diagnosis import compare_executions
from devnet.validators.outcome import find_outcome

if TYPE_CHECKING:
    from tests.conftest import Driver


@pytest.fixture
def block(driver: Driver) -> Execution:
    """Three transfers."""
    driver.node.set_automine(False)
    for account in range(3):
        driver.node.send_raw(driver.sign(b"\xf5" * 20, value=1, account=account))
    driver.node.mine()
    return driver.node.head


def change(block: Execution, index: int, **fields: Any) -> Execution:
    """The same block with another receipt."""
    receipts = list(block.receipts)
    receipts[index] = replace(receipts[index], **fields)
    header = replace(block.header, receipts_root=bytes(32))
    return replace(block, header=header, hash=bytes(32), receipts=tuple(receipts))


LOG = Log(b"\xab" * 20, (b"\xcd" * 32,), b"\xef")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"gas_used": 21_001}, "gas used 21001, others 21000"),
        ({"succeeded": False, "failure": "OutOfGas"}, "status failed (OutOfGas), others succeeded"),
        ({"logs": (LOG,)}, "event 0 of 0x" + "ab" * 20 + " [0xcdcdcdcd…] data 0xef, others none"),
        ({"state_root": b"\x01" * 32}, "state 0x" + "01" * 32 + ", others 0x"),
    ],
)
def test_the_first_receipt_is_named(block: Execution, fields: Any, words: str) -> None:
    """Of two that differ, the earlier one, and only it."""
    got = change(change(block, 2, gas_used=5), 1, **fields)
    found = find_outcome(block, got)
    name = block.transactions[1].hash.hex()[:8]
    assert str(found) == f"the receipt of tx 1, 0x{name}…: {words}"
    difference = compare_executions(block, got)
    assert str(difference) == f"first at {found}; header fields receipts_root"


@pytest.mark.parametrize("fields", [{"transactions_root": bytes(32)}, {"timestamp": 9}])
def test_another_block_is_not_compared_receipt_by_receipt(block: Execution, fields: Any) -> None:
    """Other transactions, or another time, as two proposals of one validator have."""
    assert find_outcome(block, block) is None
    other = change(block, 0, gas_used=1)
    other = replace(other, header=replace(other.header, **fields))
    (name,) = fields
    difference = compare_executions(block, other)
    assert difference is not None
    assert difference.outcome is None
    assert set(difference.fields) == {"receipts_root", name}
