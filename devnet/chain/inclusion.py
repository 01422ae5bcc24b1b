"""One transaction into a block that is being executed: checked, run, with receipt and inferences.

A proposer and a validator that checks its block include by this same code.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from eth.exceptions import VMError
from eth_utils.exceptions import ValidationError

from devnet.chain.block import Inference, Log, Receipt
from devnet.chain.forks.blob import GAS_PER_BLOB, compute_blob_base_fee
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.request import read_deposits
from devnet.chain.forks.rules import Rules
from devnet.chain.header import Header
from devnet.chain.precompile import walk_inferences
from devnet.chain.transaction import Transaction
from devnet.chain.validity import check_transaction
from devnet.errors import BadTransaction, BlockFull, HostError
from devnet.receipt import InferenceReceipt
from precompiles.errors import Fatal
from precompiles.interface import InferenceCall


@dataclass(slots=True)
class Progress:
    """What a block has come to so far."""

    template: Header
    rules: Rules
    bytes_left: int
    transactions: list[Transaction] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    inferences: list[Inference] = field(default_factory=list)
    gas_used: int = 0
    blob_gas_used: int = 0
    deposits: bytes = b""


def include(progress: Progress, state: Any, transaction: Transaction) -> None:
    """Execute a transaction and add it to the block; on an error neither it nor the state changed.

    Raises: BadTransaction, NotNow, HostError.
    """
    check_transaction(transaction, state, progress.template)
    _check_room(progress, transaction)
    state.lock_changes()
    before = state.snapshot()
    try:
        computation = state.apply_transaction(transaction.evm)
        receipt = _build_receipt(progress, transaction, computation)
        if progress.rules.fork >= Fork.PRAGUE:
            progress.deposits += read_deposits(receipt.logs, progress.rules.deposit_contract)
    except (ValidationError, VMError) as refused:
        state.revert(before)
        raise BadTransaction(f"refused by the EVM: {refused}") from refused
    except (BadTransaction, HostError):
        state.revert(before)
        raise
    except Fatal as fault:
        state.revert(before)
        raise HostError(f"{type(fault).__name__}: {fault}") from fault
    state.commit(before)
    if progress.rules.fork < Fork.BYZANTIUM:  # EIP-658
        receipt = replace(receipt, state_root=state.make_state_root())
    number, position = progress.template.number, len(progress.transactions)
    calls = walk_inferences(computation)
    progress.inferences += build_inferences(transaction, calls, number, position)
    progress.transactions.append(transaction)
    progress.receipts.append(receipt)
    progress.gas_used = receipt.cumulative_gas_used
    progress.blob_gas_used += transaction.blob_gas
    progress.bytes_left -= len(transaction.raw) + 4


def _check_room(progress: Progress, transaction: Transaction) -> None:
    gas_left = progress.template.gas_limit - progress.gas_used
    if transaction.evm.gas > gas_left:
        raise BlockFull(f"{transaction.evm.gas} gas do not fit: {gas_left} left in the block")
    blob_gas_left = progress.rules.blob.maximum * GAS_PER_BLOB - progress.blob_gas_used
    if transaction.blob_gas > blob_gas_left:
        raise BlockFull(f"{transaction.blob_gas} blob gas do not fit: {blob_gas_left} left")
    if len(transaction.raw) > progress.bytes_left:
        raise BlockFull(f"{len(transaction.raw)} bytes do not fit: {progress.bytes_left} left")


def _build_receipt(progress: Progress, transaction: Transaction, computation: Any) -> Receipt:
    evm = transaction.evm
    spent = evm.gas - computation.get_gas_remaining()
    refund = min(computation.get_gas_refund(), spent // progress.rules.refund_quotient)
    gas_used = spent - refund + computation.data_floor_gas
    created = transaction.is_creation and computation.is_success
    excess = progress.template.excess_blob_gas
    blob_gas = transaction.blob_gas
    return Receipt(
        succeeded=computation.is_success,
        gas_used=gas_used,
        cumulative_gas_used=progress.gas_used + gas_used,
        effective_gas_price=compute_gas_price(evm, progress.template.base_fee_per_gas),
        logs=tuple(
            Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in computation.get_log_entries()
        ),
        contract_address=computation.msg.storage_address if created else None,
        output=bytes(computation.output),
        failure="" if computation.is_success else type(computation.error).__name__,
        blob_gas_used=blob_gas,
        blob_gas_price=compute_blob_base_fee(excess, progress.rules.blob) if blob_gas else 0,
    )


def compute_gas_price(evm: Any, base_fee: int) -> int:
    """Wei that a transaction pays for a unit of gas."""
    tip: int = min(evm.max_priority_fee_per_gas, evm.max_fee_per_gas - base_fee)
    return base_fee + tip


def build_inferences(
    transaction: Transaction,
    calls: Iterable[tuple[InferenceCall, bool]],
    number: int,
    position: int,
) -> list[Inference]:
    """Receipts of a transaction's model calls, in order of execution.

    Args:
        calls: each with whether it was undone.
        number, position: of the block, and in it.
    """
    return [
        Inference(
            InferenceReceipt(
                block_number=number,
                transaction_hash=transaction.hash,
                transaction_index=position,
                call_index=index,
                caller=call.caller,
                model_id=call.manifest.model_id,
                mode=call.mode,
                input_digest=call.input_digest,
                output_digest=call.output_digest,
                gas=call.gas,
                reverted=reverted,
            ),
            call,
        )
        for index, (call, reverted) in enumerate(calls)
    ]
