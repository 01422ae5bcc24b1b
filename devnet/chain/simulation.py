"""Simulates blocks of unsigned calls on top of a decided one; nothing of it is kept.

Source: execution-apis `eth_simulateV1`; geth's `simulate.go` for what that leaves open.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eth.exceptions import VMError
from eth_utils.exceptions import ValidationError

from devnet.chain.block import Execution, Log, Receipt, Withdrawal, build_execution
from devnet.chain.body import compute_withdrawals_root
from devnet.chain.call import compute_gas_used, run_message
from devnet.chain.execution import compute_bloom, encode_receipt
from devnet.chain.fee import compute_base_fee
from devnet.chain.forks.blob import GAS_PER_BLOB, compute_excess_blob_gas
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.request import compute_requests_hash, read_deposits
from devnet.chain.forks.rules import Rules
from devnet.chain.forks.transition import begin_block, end_block
from devnet.chain.header import CANCUN_LENGTH, LONDON_LENGTH, Header
from devnet.chain.message import Message, encode_message
from devnet.chain.override import Accounts, BlockOverride, apply_accounts, override_header
from devnet.chain.prepared import rebind_state
from devnet.chain.simulated_call import (
    MAX_NONCE,
    GasBudget,
    SimulatedCall,
    check_message,
    fill_message,
)
from devnet.chain.state.proof import compute_list_root
from devnet.chain.tracing.event import Failure
from devnet.chain.tracing.failure import describe_failure
from devnet.chain.tracing.observation import observe
from devnet.chain.tracing.transfer import TransferTracer
from devnet.chain.transaction import Transaction
from devnet.chain.world import World
from devnet.errors import BadTransaction, HostError, SimulationRefused
from precompiles.digest import compute_keccak
from precompiles.errors import Fatal

MAX_BLOCKS = 256  # beyond the base, gaps included
TIME_STEP_S = 12  # between blocks that name no time
_BAD_NUMBER, _BAD_TIMESTAMP, _LIMIT = -38020, -38021, -38026
_REFUSED = -32000


@dataclass(frozen=True, slots=True)
class Plan:
    """One block as it was asked for."""

    block: BlockOverride = field(default_factory=BlockOverride)
    accounts: Accounts = field(default_factory=dict)
    calls: tuple[SimulatedCall, ...] = ()


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What came of one call."""

    output: bytes
    logs: tuple[Log, ...]  # with transfers, if they were asked for
    gas_used: int
    max_used_gas: int  # before the refund
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class SimulatedBlock:
    """A block and the outcomes of its calls."""

    block: Execution
    outcomes: tuple[CallOutcome, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How to simulate."""

    validates: bool = False  # nonces and fees count
    traces_transfers: bool = False


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
        run = _Run(header, rules, self._options, self._budget, self._world.chain_id)
        for call in plan.calls:
            run.execute(state, call)
        withdrawals = plan.block.withdrawals or ()
        requests = end_block(state, header, rules.fork, run.deposits, (), withdrawals)
        header = run.fill_header(state.make_state_root(), withdrawals, requests)
        transactions, receipts = tuple(run.transactions), tuple(run.receipts)
        block = build_execution(header, transactions, receipts, (), (), withdrawals, requests)
        self._parent = block
        self._hashes.insert(0, block.hash)
        return SimulatedBlock(block, tuple(run.outcomes))

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


class _Run:
    """One simulated block while its calls are executed."""

    def __init__(
        self, header: Header, rules: Rules, options: Options, budget: GasBudget, chain_id: int
    ) -> None:
        self._header, self._rules, self._options = header, rules, options
        self._budget, self._chain_id = budget, chain_id
        self.transactions: list[Transaction] = []
        self.receipts: list[Receipt] = []
        self.outcomes: list[CallOutcome] = []
        self.deposits = b""
        self._gas_used = self._blob_gas_used = 0

    def execute(self, state: Any, call: SimulatedCall) -> None:
        message = fill_message(
            call, state, self._header, self._gas_used, self._budget, self._rules, self._chain_id
        )
        check_message(message, state, self._header, self._rules, self._options.validates)
        if message.blob_versioned_hashes and not message.max_fee_per_blob_gas:
            state = rebind_state(state, blob_base_fee=0)  # as a call that names no fee pays none
        state.lock_changes()
        tracer = TransferTracer(self._options.traces_transfers)
        computation = self._run(state, message, tracer)
        used, spent = compute_gas_used(message, computation, self._rules)
        self._budget.spend(used)
        self._gas_used += used
        raw = encode_message(message)
        self.transactions.append(Transaction(raw, compute_keccak(raw), message.sender, message))
        receipt = self._build_receipt(state, message, computation, used)
        self.receipts.append(receipt)
        self._blob_gas_used += receipt.blob_gas_used
        if self._rules.fork >= Fork.PRAGUE:
            self.deposits += self._read_deposits(receipt)
        self.outcomes.append(
            CallOutcome(
                output=bytes(computation.output),
                logs=tuple(tracer.logs),
                gas_used=used,
                max_used_gas=max(spent, used),
                failure=describe_failure(computation),
            )
        )

    def fill_header(
        self, state_root: bytes, withdrawals: Sequence[Withdrawal], requests: Sequence[bytes]
    ) -> Header:
        """The header with what the calls came to."""
        pairs = zip(self.transactions, self.receipts, strict=True)
        fork = self._rules.fork
        filled = replace(
            self._header,
            state_root=state_root,
            transactions_root=compute_list_root([t.raw for t in self.transactions]),
            receipts_root=compute_list_root([encode_receipt(t.type_id, r) for t, r in pairs]),
            logs_bloom=compute_bloom([log for receipt in self.receipts for log in receipt.logs]),
            gas_used=self._gas_used,
        )
        if fork >= Fork.SHANGHAI:
            filled = replace(filled, withdrawals_root=compute_withdrawals_root(withdrawals))
        if fork >= Fork.CANCUN:
            filled = replace(filled, blob_gas_used=self._blob_gas_used)
        if fork >= Fork.PRAGUE:
            filled = replace(filled, requests_hash=compute_requests_hash(requests))
        return filled

    def _run(self, state: Any, message: Message, tracer: TransferTracer) -> Any:
        sender, last = message.sender, state.get_nonce(message.sender) == MAX_NONCE
        try:
            if last:  # geth's counter begins again, py-evm's ends
                state.set_nonce(sender, MAX_NONCE - 1)
            with observe(state, tracer):
                computation = run_message(state, message)
            if last:
                state.set_nonce(sender, 0)
            return computation
        except Fatal as fault:
            raise HostError(f"{type(fault).__name__}: {fault}") from fault
        except (VMError, ValidationError) as refused:
            raise SimulationRefused(f"refused by the EVM: {refused}", _REFUSED) from refused

    def _build_receipt(
        self, state: Any, message: Message, computation: Any, gas_used: int
    ) -> Receipt:
        logs = tuple(
            Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in computation.get_log_entries()
        )
        created = not message.to and computation.is_success
        return Receipt(
            succeeded=computation.is_success,
            gas_used=gas_used,
            cumulative_gas_used=self._gas_used,
            effective_gas_price=state.get_gas_price(message),
            logs=logs,
            contract_address=computation.msg.storage_address if created else None,
            output=bytes(computation.output),
            failure="" if computation.is_success else type(computation.error).__name__,
            state_root=state.make_state_root() if self._rules.fork < Fork.BYZANTIUM else b"",
            blob_gas_used=GAS_PER_BLOB * len(message.blob_versioned_hashes),
        )

    def _read_deposits(self, receipt: Receipt) -> bytes:
        try:
            return read_deposits(receipt.logs, self._rules.deposit_contract)
        except BadTransaction as refused:
            raise SimulationRefused(str(refused), _REFUSED) from refused


def _bind_tip(upstream: type[Any]) -> Any:
    """A call that names no fee pays none, whatever the base fee is."""

    def get_tip(self: Any, transaction: Any) -> int:
        if not transaction.max_fee_per_gas and not transaction.max_priority_fee_per_gas:
            return 0
        tip: int = upstream.get_tip(self, transaction)
        return tip

    return get_tip
