"""What a node tells its observers, right after it happened and in the thread that did it.

| event           | the node then                                                        |
|-----------------|----------------------------------------------------------------------|
| TransactionSeen | holds a new transaction in its pool                                  |
| BlockAdded      | has the block as its head; its transactions have left the pool       |
| BlocksRemoved   | is back at the block before the oldest of these                      |
| IntervalSet     | wants a block every so many seconds from whoever runs a clock, 0 none |
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from devnet.chain.block import Execution
from devnet.chain.transaction import Transaction
from devnet.consensus.certificate import Certificate


@dataclass(frozen=True, slots=True)
class TransactionSeen:
    """A transaction entered the pool."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class BlockAdded:
    """A block was decided."""

    block: Execution
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class BlocksRemoved:
    """Blocks were undone, the newest first."""

    blocks: tuple[Execution, ...]


@dataclass(frozen=True, slots=True)
class IntervalSet:
    """How often a block is wanted has changed."""

    seconds: float


Event: TypeAlias = TransactionSeen | BlockAdded | BlocksRemoved | IntervalSet
Observer: TypeAlias = Callable[[Event], None]
