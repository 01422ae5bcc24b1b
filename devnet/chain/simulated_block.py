"""One simulated block while its calls are executed, and what came of them.

Source: geth's `simulate.go`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth.exceptions import VMError
from eth_utils.exceptions import ValidationError

from devnet.chain.block import Execution, Log, Receipt, Withdrawal, build_execution
from devnet.chain.body import compute_withdrawals_root
from devnet.chain.call import compute_gas_used, run_message
from devnet.chain.forks.blob import GAS_PER_BLOB
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.request import compute_requests_hash, read_deposits
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.message import Message, encode_message
from devnet.chain.prepared import rebind_state
from devnet.chain.receipt import compute_bloom, encode_receipt
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
from devnet.errors import BadTransaction, HostError, SimulationRefused
from precompiles.digest import compute_keccak
from precompiles.errors import Fatal

_REFUSED = -32000


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


class SimulatedRun:
    """One simulated block while its calls are executed."""

    def __init__(
        self, header: Header, rules: Rules, options: Options, budget: GasBudget, chain_id: int
    ) -> None:
        self._header, self._rules, self._options = header, rules, options
        self._budget, self._chain_id = budget, chain_id
        self._transactions: list[Transaction] = []
        self._receipts: list[Receipt] = []
        self._outcomes: list[CallOutcome] = []
        self.deposits = b""
        self._gas_used = self._blob_gas_used = 0

    def execute(self, state: Any, call: SimulatedCall) -> None:
        """Raises: SimulationRefused if the call cannot be in the block; HostError."""
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
        self._transactions.append(Transaction(raw, compute_keccak(raw), message.sender, message))
        receipt = self._build_receipt(state, message, computation, used)
        self._receipts.append(receipt)
        self._blob_gas_used += receipt.blob_gas_used
        if self._rules.fork >= Fork.PRAGUE:
            self.deposits += self._read_deposits(receipt)
        self._outcomes.append(
            CallOutcome(
                output=bytes(computation.output),
                logs=tuple(tracer.logs),
                gas_used=used,
                max_used_gas=max(spent, used),
                failure=describe_failure(computation),
            )
        )

    def finish(
        self, state_root: bytes, withdrawals: tuple[Withdrawal, ...], requests: tuple[bytes, ...]
    ) -> SimulatedBlock:
        """The block, with what its calls came to."""
        header = self._fill_header(state_root, withdrawals, requests)
        body = (tuple(self._transactions), tuple(self._receipts), (), ())
        block = build_execution(header, *body, withdrawals, requests)
        return SimulatedBlock(block, tuple(self._outcomes))

    def _fill_header(
        self, state_root: bytes, withdrawals: Sequence[Withdrawal], requests: Sequence[bytes]
    ) -> Header:
        pairs = zip(self._transactions, self._receipts, strict=True)
        fork = self._rules.fork
        filled = replace(
            self._header,
            state_root=state_root,
            transactions_root=compute_list_root([t.raw for t in self._transactions]),
            receipts_root=compute_list_root([encode_receipt(t.type_id, r) for t, r in pairs]),
            logs_bloom=compute_bloom([log for receipt in self._receipts for log in receipt.logs]),
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
