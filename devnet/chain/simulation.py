"""Simulates blocks of unsigned calls on top of a decided one; nothing of it is kept.

Source: execution-apis `eth_simulateV1`; geth's `simulate.go` for what that leaves open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devnet.chain.block import Execution
from devnet.chain.fee import compute_base_fee
from devnet.chain.forks.blob import compute_excess_blob_gas
from devnet.chain.forks.rules import Rules
from devnet.chain.forks.transition import begin_block, end_block
from devnet.chain.header import CANCUN_LENGTH, LONDON_LENGTH, Header
from devnet.chain.override import Accounts, BlockOverride, apply_accounts, override_header
from devnet.chain.prepared import rebind_state
from devnet.chain.simulated_block import Options, SimulatedBlock, SimulatedRun
from devnet.chain.simulated_call import GasBudget, SimulatedCall
from devnet.chain.world import World
from devnet.errors import SimulationRefused

MAX_BLOCKS = 256  # beyond the base, gaps included
TIME_STEP_S = 12  # between blocks that name no time
_BAD_NUMBER, _BAD_TIMESTAMP, _LIMIT = -38020, -38021, -38026


@dataclass(frozen=True, slots=True)
class Plan:
    """One block as it was asked for."""

    block: BlockOverride = field(default_factory=BlockOverride)
    accounts: Accounts = field(default_factory=dict)
    calls: tuple[SimulatedCall, ...] = ()


def simulate(
    world: World,
    base: Execution,
    ancestors: Sequence[bytes],
    plans: Sequence[Plan],
    options: Options,
    gas: int,
) -> tuple[SimulatedBlock, ...]:
    """Execute planned blocks one after another.

    Args:
        ancestors: hashes of blocks before `base`, latest first.
        gas: that all calls together may have.
    Raises: SimulationRefused with its code; ChainError if an override is wrong; HostError.
    """
    filled = tuple(fill_gaps(base.header, plans))
    simulation = _Simulation(world, base, ancestors, options, GasBudget(gas))
    return tuple(simulation.add(plan) for plan in filled)


def fill_gaps(base: Header, plans: Sequence[Plan]) -> Iterator[Plan]:
    """Plans with number and time, and empty ones where numbers are left out.

    Raises: SimulationRefused if they do not ascend, or are too many.
    """
    number, timestamp = base.number, base.timestamp
    for plan in plans:
        wanted = number + 1 if plan.block.number is None else plan.block.number
        if wanted <= number:
            raise SimulationRefused(
                f"block numbers must be in order: {wanted} <= {number}", _BAD_NUMBER
            )
        if wanted - base.number > MAX_BLOCKS:
            raise SimulationRefused("too many blocks", _LIMIT)
        for missing in range(number + 1, wanted):
            timestamp += TIME_STEP_S
            yield Plan(BlockOverride(number=missing, timestamp=timestamp))
        time = plan.block.timestamp
        time = timestamp + TIME_STEP_S if time is None else time
        if time <= timestamp:
            raise SimulationRefused(
                f"block timestamps must be in order: {time} <= {timestamp}", _BAD_TIMESTAMP
            )
        number, timestamp = wanted, time
        yield replace(plan, block=replace(plan.block, number=number, timestamp=timestamp))


class _Simulation:
    """The simulated chain so far; its state lives in one database that is never published."""

    def __init__(
        self,
        world: World,
        base: Execution,
        ancestors: Sequence[bytes],
        options: Options,
        budget: GasBudget,
    ) -> None:
        self._world, self._options, self._budget = world, options, budget
        self._base, self._parent = base, base
        self._hashes = [base.hash, *ancestors]  # latest first
        self._database: Any = None

    def add(self, plan: Plan) -> SimulatedBlock:
        header = self._build_header(plan.block)
        state = self._open(header, plan)
        rules: Rules = state.rules
        apply_accounts(state, plan.accounts)
        begin_block(state, header, self._world.schedule, rules.fork)
        run = SimulatedRun(header, rules, self._options, self._budget, self._world.chain_id)
        for call in plan.calls:
            run.execute(state, call)
        withdrawals = plan.block.withdrawals or ()
        requests = end_block(state, header, rules.fork, run.deposits, (), withdrawals)
        found = run.finish(state.make_state_root(), withdrawals, requests)
        self._parent = found.block
        self._hashes.insert(0, found.block.hash)
        return found

    def _build_header(self, wanted: BlockOverride) -> Header:
        parent, schedule = self._parent.header, self._world.schedule
        assert wanted.number is not None, "gaps are filled"
        assert wanted.timestamp is not None, "gaps are filled"
        header = Header(
            parent_hash=self._parent.hash,
            coinbase=parent.coinbase,
            state_root=bytes(32),
            difficulty=parent.difficulty,
            number=wanted.number,
            gas_limit=parent.gas_limit,
            timestamp=wanted.timestamp,
            extra_data=b"",
            mix_hash=bytes(32),
        )
        rules = schedule.find_rules(header)
        header = replace(header, length=rules.header_length)
        if header.length >= LONDON_LENGTH and self._options.validates:
            header = replace(header, base_fee_per_gas=compute_base_fee(parent))
        if header.length >= CANCUN_LENGTH:
            excess = compute_excess_blob_gas(parent, rules.blob, rules.fork)
            header = replace(header, excess_blob_gas=excess)
        return override_header(header, wanted)

    def _open(self, header: Header, plan: Plan) -> Any:
        state = self._world.open(self._base.header.state_root, header, self._hashes[:256])
        if self._database is None:
            self._database = state._account_db
        state._account_db = self._database
        members: dict[str, Any] = {"get_tip": _bind_tip(type(state))}
        if plan.block.blob_base_fee is not None:
            members["blob_base_fee"] = plan.block.blob_base_fee
        return rebind_state(state, **members)


def _bind_tip(upstream: type[Any]) -> Any:
    """A call that names no fee pays none, whatever the base fee is."""

    def get_tip(self: Any, transaction: Any) -> int:
        if not transaction.max_fee_per_gas and not transaction.max_priority_fee_per_gas:
            return 0
        tip: int = upstream.get_tip(self, transaction)
        return tip

    return get_tip
