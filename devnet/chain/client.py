"""The client of a validator: what executes blocks for it; py-evm, or another implementation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from devnet.chain.block import Execution
from devnet.chain.execution import Leave, execute_block
from devnet.chain.header import Header
from devnet.chain.transaction import Transaction
from devnet.chain.world import World


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block comes to stand."""

    world: World  # has the parent's state, and gets the block's
    parent: Header
    template: Header  # of the block, with everything that is fixed before execution
    ancestors: Sequence[bytes]  # hashes of earlier blocks, the parent first


class Client(Protocol):
    """Executes blocks on states of a world, and puts the state after them there."""

    @property
    def name(self) -> str: ...

    def build(self, place: Place, offered: Iterable[Transaction], leave: Leave) -> Execution:
        """A block of what fits; `leave` is told what does not. Raises: HostError."""

    def execute(self, place: Place, transactions: Sequence[Transaction]) -> Execution:
        """A block of exactly these. Raises: as `execute_block`."""

    def close(self) -> None: ...


class PyEvmClient:
    """py-evm, as every validator runs it unless it is told otherwise."""

    name = "py-evm"

    def build(self, place: Place, offered: Iterable[Transaction], leave: Leave) -> Execution:
        """As `execute_block`."""
        world, parent, template = place.world, place.parent, place.template
        return execute_block(world, parent, template, offered, place.ancestors, leave)

    def execute(self, place: Place, transactions: Sequence[Transaction]) -> Execution:
        """As `execute_block`."""
        world, parent, template = place.world, place.parent, place.template
        return execute_block(world, parent, template, transactions, place.ancestors)

    def close(self) -> None:
        """Nothing is open."""
