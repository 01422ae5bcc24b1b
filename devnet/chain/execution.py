"""Executes a block: what comes before, transactions in order, what comes after, roots, header.

A proposer and the validators that check it run this same code; they differ only in what happens
with a transaction that cannot be in the block: a proposer leaves it out, a validator refuses.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from eth.exceptions import VMError
from eth_utils.exceptions import ValidationError

from devnet.chain.block import Execution, Inference, Log, Receipt, Withdrawal, build_execution
from devnet.chain.body import compute_block_bytes, compute_uncles_hash, compute_withdrawals_root
from devnet.chain.forks.blob import GAS_PER_BLOB, compute_blob_base_fee
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.request import compute_requests_hash, read_deposits
from devnet.chain.forks.rules import UNLIMITED, Rules
from devnet.chain.forks.system import place_missing_contracts
from devnet.chain.forks.transition import begin_block, end_block
from devnet.chain.genesis import place_stubs
from devnet.chain.header import Header
from devnet.chain.intrinsic import GAS_TRANSACTION
from devnet.chain.precompile import walk_inferences
from devnet.chain.predeploy import place_predeploys
from devnet.chain.receipt import compute_bloom, encode_receipt
from devnet.chain.state.proof import compute_list_root
from devnet.chain.transaction import Transaction, adapt_transaction
from devnet.chain.validity import check_transaction
from devnet.chain.world import World
from devnet.errors import BadBlock, BadTransaction, BlockFull, HostError, NotNow
from devnet.receipt import InferenceReceipt, compute_inference_root
from precompiles.errors import Fatal
from precompiles.interface import InferenceCall

_FRAME_BYTES = 2_048  # of a block without transactions and withdrawals, at most

Leave = Callable[[Transaction, Exception], None]


@dataclass(slots=True)
class _Run:
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


def execute_block(
    world: World,
    parent: Header,
    template: Header,
    transactions: Iterable[Transaction],
    ancestors: Sequence[bytes],
    on_left_out: Leave | None = None,
    uncles: tuple[Header, ...] = (),
    withdrawals: tuple[Withdrawal, ...] = (),
) -> Execution:
    """Run transactions on the parent's state and fill in the template's roots.

    Args:
        template: the header with everything that is fixed before execution.
        ancestors: hashes of earlier blocks, the parent first.
        on_left_out: called for a transaction that cannot be in this block.
    Raises: BadTransaction, NotNow or HostError for such a one if `on_left_out` is not given;
        BadBlock if no transactions make this block valid.
    """
    rules = world.schedule.find_rules(template)
    state = world.open(parent.state_root, template, ancestors)
    if template.number == world.inference_from > 0:
        place_own_accounts(state, world)
    begin_block(state, template, world.schedule, rules.fork)
    room = rules.max_block_bytes - _FRAME_BYTES - 64 * len(withdrawals)
    run = _Run(template, rules, room if on_left_out else UNLIMITED)
    for transaction in transactions:
        if on_left_out and template.gas_limit - run.gas_used < GAS_TRANSACTION:
            break  # nothing fits any more
        try:
            _include(run, state, adapt_transaction(transaction, rules.fork))
        except (BadTransaction, NotNow, HostError) as refused:
            if on_left_out is None:
                raise
            on_left_out(transaction, refused)
    requests = end_block(state, template, rules.fork, run.deposits, uncles, withdrawals)
    state.persist()
    has_inference = world.has_inference(template.number)
    header = _fill_header(run, state.state_root, uncles, withdrawals, requests, has_inference)
    check_size(header, rules, run.transactions, uncles, withdrawals)
    body = (tuple(run.transactions), tuple(run.receipts), tuple(run.inferences))
    return build_execution(header, *body, uncles, withdrawals, requests)


def place_own_accounts(state: Any, world: World) -> None:
    """Put what our blocks rely on where an imported chain has none: before the first of them."""
    place_stubs(state, sorted(world.table))
    place_predeploys(state, world.predeploys)
    place_missing_contracts(state, (fork for _, fork in world.schedule.times))


def check_size(
    header: Header,
    rules: Rules,
    transactions: Sequence[Transaction],
    uncles: tuple[Header, ...] = (),
    withdrawals: tuple[Withdrawal, ...] = (),
) -> None:
    """Raises: BadBlock for a block that is too large."""
    raws = [transaction.raw for transaction in transactions]
    frames = 4 * len(raws) + 64 * len(withdrawals) + _FRAME_BYTES * (1 + len(uncles))
    if sum(map(len, raws)) + frames <= rules.max_block_bytes:
        return  # as almost always
    size = compute_block_bytes(header, raws, uncles, withdrawals)
    if size > rules.max_block_bytes:
        raise BadBlock(f"block of {size} bytes, at most {rules.max_block_bytes} (EIP-7934)")


def _fill_header(
    run: _Run,
    state_root: bytes,
    uncles: Sequence[Header],
    withdrawals: Sequence[Withdrawal],
    requests: Sequence[bytes],
    has_inference: bool,
) -> Header:
    pairs = zip(run.transactions, run.receipts, strict=True)
    changes: dict[str, Any] = {}
    if run.rules.fork >= Fork.SHANGHAI:
        changes["withdrawals_root"] = compute_withdrawals_root(withdrawals)
    if run.rules.fork >= Fork.CANCUN:
        changes["blob_gas_used"] = run.blob_gas_used
    if run.rules.fork >= Fork.PRAGUE:
        changes["requests_hash"] = compute_requests_hash(requests)
    if has_inference:
        root = compute_inference_root([inference.receipt for inference in run.inferences])
        changes["extra_data"] = root
    return replace(
        run.template,
        uncles_hash=compute_uncles_hash(uncles),
        state_root=state_root,
        transactions_root=compute_list_root([transaction.raw for transaction in run.transactions]),
        receipts_root=compute_list_root([encode_receipt(t.type_id, r) for t, r in pairs]),
        logs_bloom=compute_bloom([log for receipt in run.receipts for log in receipt.logs]),
        gas_used=run.gas_used,
        length=run.rules.header_length,
        **changes,
    )


def _include(run: _Run, state: Any, transaction: Transaction) -> None:
    """Execute a transaction and add it to the block; on an error neither has changed."""
    check_transaction(transaction, state, run.template)
    _check_room(run, transaction)
    state.lock_changes()
    before = state.snapshot()
    try:
        computation = state.apply_transaction(transaction.evm)
        receipt = _build_receipt(run, transaction, computation)
        if run.rules.fork >= Fork.PRAGUE:
            run.deposits += read_deposits(receipt.logs, run.rules.deposit_contract)
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
    if run.rules.fork < Fork.BYZANTIUM:  # EIP-658
        receipt = replace(receipt, state_root=state.make_state_root())
    number, position = run.template.number, len(run.transactions)
    calls = walk_inferences(computation)
    run.inferences += build_inferences(transaction, calls, number, position)
    run.transactions.append(transaction)
    run.receipts.append(receipt)
    run.gas_used = receipt.cumulative_gas_used
    run.blob_gas_used += transaction.blob_gas
    run.bytes_left -= len(transaction.raw) + 4


def _check_room(run: _Run, transaction: Transaction) -> None:
    gas_left = run.template.gas_limit - run.gas_used
    if transaction.evm.gas > gas_left:
        raise BlockFull(f"{transaction.evm.gas} gas do not fit: {gas_left} left in the block")
    blob_gas_left = run.rules.blob.maximum * GAS_PER_BLOB - run.blob_gas_used
    if transaction.blob_gas > blob_gas_left:
        raise BlockFull(f"{transaction.blob_gas} blob gas do not fit: {blob_gas_left} left")
    if len(transaction.raw) > run.bytes_left:
        raise BlockFull(f"{len(transaction.raw)} bytes do not fit: {run.bytes_left} left")


def _build_receipt(run: _Run, transaction: Transaction, computation: Any) -> Receipt:
    evm = transaction.evm
    spent = evm.gas - computation.get_gas_remaining()
    refund = min(computation.get_gas_refund(), spent // run.rules.refund_quotient)
    gas_used = spent - refund + computation.data_floor_gas
    created = transaction.is_creation and computation.is_success
    excess = run.template.excess_blob_gas
    blob_gas = transaction.blob_gas
    return Receipt(
        succeeded=computation.is_success,
        gas_used=gas_used,
        cumulative_gas_used=run.gas_used + gas_used,
        effective_gas_price=compute_gas_price(evm, run.template.base_fee_per_gas),
        logs=tuple(
            Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in computation.get_log_entries()
        ),
        contract_address=computation.msg.storage_address if created else None,
        output=bytes(computation.output),
        failure="" if computation.is_success else type(computation.error).__name__,
        blob_gas_used=blob_gas,
        blob_gas_price=compute_blob_base_fee(excess, run.rules.blob) if blob_gas else 0,
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
