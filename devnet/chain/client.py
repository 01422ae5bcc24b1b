"""The client of a validator: what executes blocks for it; py-evm, or another implementation."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from devnet.chain.block import Execution
from devnet.chain.execution import Leave, execute_block
from devnet.chain.header import Header
from devnet.chain.transaction import Transaction
from devnet.chain.world import World


class Client(Protocol):
    """Executes blocks on states of a world, and puts the state after them there."""

    @property
    def name(self) -> str: ...

    def build(
        self,
        world: World,
        parent: Header,
        template: Header,
        offered: Iterable[Transaction],
        ancestors: Sequence[bytes],
        leave: Leave,
    ) -> Execution:
        """A block of what fits; `leave` is told what does not. Raises: HostError."""

    def execute(
        self,
        world: World,
        parent: Header,
        template: Header,
        transactions: Sequence[Transaction],
        ancestors: Sequence[bytes],
    ) -> Execution:
        """A block of exactly these. Raises: as `execute_block`."""

    def close(self) -> None: ...


class PyEvmClient:
    """py-evm, as every validator runs it unless it is told otherwise."""

    name = "py-evm"

    def build(
        self,
        world: World,
        parent: Header,
        template: Header,
        offered: Iterable[Transaction],
        ancestors: Sequence[bytes],
        leave: Leave,
    ) -> Execution:
        """As `execute_block`."""
        return execute_block(world, parent, template, offered, ancestors, leave)

    def execute(
        self,
        world: World,
        parent: Header,
        template: Header,
        transactions: Sequence[Transaction],
        ancestors: Sequence[bytes],
    ) -> Execution:
        """As `execute_block`."""
        return execute_block(world, parent, template, transactions, ancestors)

    def close(self) -> None:
        """Nothing is open."""
