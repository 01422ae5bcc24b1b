"""Equipment: what a validator computes with: model store, engine, and the client that executes.

Engine and client change with its behaviour; a rule that takes other bits than its own stands
between engine and precompiles.
"""

from collections.abc import Iterable

from devnet.chain.block import Execution
from devnet.chain.client import Client, Place, PyEvmClient
from devnet.chain.execution import Leave
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.transaction import Transaction
from devnet.config import Config, Host
from devnet.consensus.agreement import Agreement
from devnet.streams import Stream
from devnet.validators.agreement.adoption import Adoption
from devnet.validators.client import build_client
from devnet.validators.faults.conduct import Conduct
from devnet.validators.faults.engine import SwitchedEngine
from devnet.validators.host import build_engine, build_store
from devnet.validators.misbehaviour import HONEST, Behavior
from precompiles.table import build_table


class Equipment:
    """One validator's own; nothing in it is shared."""

    def __init__(
        self, index: int, name: str, address: bytes, config: Config, host: Host, rule: Agreement
    ) -> None:
        """`name` is that of its folder."""
        self.store = build_store(host, name)
        self.behavior: Behavior = HONEST
        self._stream = config.seed, "conduct", index
        self.conduct = Conduct((), Stream(*self._stream))
        honest = build_engine(host, self.store)
        self.engine = SwitchedEngine(honest, self.store, self.conduct, config.seed + index)
        self.adoption = Adoption(self.engine, rule, address)
        engine = self.engine if rule.is_exact else self.adoption
        self.table = build_table(engine, config.schedule, config.is_optimistic)
        self.client: Client = PyEvmClient()

    def set_behavior(self, behavior: Behavior, schedule: ForkSchedule) -> None:
        """Raises: ConfigError if the client cannot be had; then nothing changes."""
        if behavior.engine != self.behavior.engine:
            client = build_client(behavior.engine, schedule, self._recount)
            self.client.close()
            self.client = client
        self.behavior = behavior
        self.conduct = self.engine.conduct = Conduct(behavior.faults, Stream(*self._stream))

    def build(self, place: Place, offered: Iterable[Transaction], leave: Leave) -> Execution:
        """As `Client.build`."""
        with self.adoption.consider(()):
            return self.client.build(place, offered, leave)

    def execute(self, place: Place, block: Execution) -> Execution:
        """As `Client.execute` with a block's transactions; its inferences may be taken over."""
        with self.adoption.consider(block.inferences):
            return self.client.execute(place, block.transactions)

    def close(self) -> None:
        """End what runs beside this process."""
        self.client.close()

    def _recount(self) -> None:
        self.engine.recount()
        self.adoption.recount()
