"""class NodeView: what can be read of a node; nothing here changes it."""

from collections.abc import Callable
from typing import Any, TypeVar

from devnet.chain.account import DevAccount
from devnet.chain.block import Execution
from devnet.chain.call import Call, CallResult, execute_call
from devnet.chain.estimation import estimate_gas
from devnet.chain.forks.blob import compute_blob_base_fee
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.pool.pool import Pool
from devnet.chain.pool.selection import Selection, build_prices
from devnet.chain.template import build_child
from devnet.consensus.certificate import Certificate
from devnet.state_reader import StateReader
from devnet.timeline import Timeline
from devnet.validators.cluster import Cluster
from devnet.validators.draft import Draft, Drafts
from devnet.validators.optimistic.docket import Docket

T = TypeVar("T")


class NodeView:
    """Head, next block, states and calls of a node.

    Whoever extends it sets the attributes.
    """

    accounts: tuple[DevAccount, ...]  # unlocked
    cluster: Cluster
    history: History
    pool: Pool
    docket: Docket  # of inferences under the optimistic rule, empty under another
    timeline: Timeline
    _drafts: Drafts

    @property
    def head(self) -> Execution:
        return self.history.head

    @property
    def next_base_fee(self) -> int:
        """Wei per gas of the next block."""
        return self.next_header.base_fee_per_gas

    @property
    def next_header(self) -> Header:
        """Header of the next block as far as it follows from the head; nobody is its proposer."""
        head, schedule = self.head, self.cluster.world.schedule
        timestamp = self.timeline.compute_next(head.header.timestamp)
        return build_child(
            schedule, head.header, head.hash, timestamp=timestamp, coinbase=bytes(20)
        )

    @property
    def next_rules(self) -> Rules:
        """Rules that the next block follows."""
        return self._find_rules(self.next_header)

    @property
    def next_blob_base_fee(self) -> int:
        """Wei per unit of blob gas of the next block."""
        return compute_blob_base_fee(self.next_header.excess_blob_gas, self.next_rules.blob)

    def draft(self) -> Draft:
        """The next block as it would be now, executed and kept apart."""
        head = self.head.header
        ancestors = self.history.get_ancestors(head.number + 1)
        timestamp = self.timeline.compute_next(head.timestamp)
        waiting = self.pool.all()
        return self._drafts.get(self.cluster, self._select, waiting, timestamp, ancestors)

    def find_account(self, address: bytes) -> DevAccount | None:
        """The unlocked account with this address."""
        return next((a for a in self.accounts if a.address == address), None)

    # state

    def open_state(self, number: int | None = None) -> Any:
        """State after a block, to read from."""
        block = self.head if number is None else self.history.get_block(number)
        world = self.cluster.world
        return world.open(block.header.state_root, block.header)

    def open_storage(self, number: int | None = None) -> StateReader:
        return StateReader(self.open_state(number))

    def get_pending_nonce(self, address: bytes) -> int:
        """Next nonce of an account, waiting transactions counted."""
        return self.pool.get_next_nonce(address, self.open_state().get_nonce(address))

    def call(self, call: Call, number: int | None = None) -> CallResult:
        """Try a call on the state after a block. Raises what `execute_call` raises."""
        return self._try(execute_call, call, number)

    def estimate_gas(self, call: Call, number: int | None = None) -> int:
        """Least gas limit for a call. Raises what `estimate_gas` raises."""
        return self._try(estimate_gas, call, number)

    def _try(self, run: Callable[..., T], call: Call, number: int | None) -> T:
        block = self.head if number is None else self.history.get_block(number)
        ancestors = self.history.get_ancestors(block.header.number)
        return run(self.cluster.world, block.header, ancestors, call)

    def get_certificate(self, number: int) -> Certificate:
        """Certificate of a decided block. Raises: UnknownBlock; imported ones have none."""
        return self.cluster.get_certificate(number)

    def _select(self, get_nonce: Callable[[bytes], int]) -> Selection:
        header = self.next_header
        return self.pool.select(get_nonce, build_prices(header, self._find_rules(header)))

    def _find_rules(self, header: Header) -> Rules:
        return self.cluster.world.schedule.find_rules(header)
