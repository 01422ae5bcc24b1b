"""Executes a block: system writes, transactions in order, roots, header.

A proposer and the validators that check it run this same code; they differ only in what happens
with a transaction that cannot be in the block: a proposer leaves it out, a validator refuses.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import rlp
from eth.exceptions import VMError
from eth.vm.forks.cancun.constants import BEACON_ROOTS_ADDRESS, HISTORY_BUFFER_LENGTH
from eth.vm.forks.prague.constants import HISTORY_SERVE_WINDOW, HISTORY_STORAGE_ADDRESS
from eth_bloom.bloom import BloomFilter
from eth_utils.exceptions import ValidationError
from trie.hexary import HexaryTrie

from devnet.chain.block import Execution, Inference, Log, Receipt, build_execution
from devnet.chain.header import Header
from devnet.chain.precompile import walk_inferences
from devnet.chain.transaction import Transaction
from devnet.chain.validity import check_transaction
from devnet.chain.world import World
from devnet.errors import BadTransaction, BlockFull, HostError, NotNow
from devnet.receipt import InferenceReceipt, compute_inference_root
from precompiles.errors import Fatal

Leave = Callable[[Transaction, Exception], None]


def execute_block(
    world: World,
    parent: Header,
    template: Header,
    transactions: Iterable[Transaction],
    ancestors: Sequence[bytes],
    on_left_out: Leave | None = None,
) -> Execution:
    """Run transactions on the parent's state and fill in the template's roots.

    Args:
        template: the header with everything that is fixed before execution.
        ancestors: hashes of earlier blocks, the parent first.
        on_left_out: called for a transaction that cannot be in this block.
    Raises: BadTransaction, NotNow or HostError for such a one if `on_left_out` is not given.
    """
    state = world.open(parent.state_root, template, ancestors)
    _write_system_contracts(state, template)
    included: list[Transaction] = []
    receipts: list[Receipt] = []
    inferences: list[Inference] = []
    gas_used = 0
    for transaction in transactions:
        try:
            computation = _apply(state, template, transaction, gas_used)
        except (BadTransaction, NotNow, HostError) as refused:
            if on_left_out is None:
                raise
            on_left_out(transaction, refused)
            continue
        receipt = _build_receipt(transaction, computation, template, gas_used)
        gas_used = receipt.cumulative_gas_used
        inferences += _collect_inferences(transaction, computation, template.number, len(included))
        included.append(transaction)
        receipts.append(receipt)
    state.persist()
    header = replace(
        template,
        state_root=state.state_root,
        transactions_root=_compute_list_root([transaction.raw for transaction in included]),
        receipts_root=_compute_list_root(
            [encode_receipt(t.type_id, r) for t, r in zip(included, receipts, strict=True)]
        ),
        logs_bloom=compute_bloom([log for receipt in receipts for log in receipt.logs]),
        gas_used=gas_used,
        extra_data=compute_inference_root([inference.receipt for inference in inferences]),
    )
    return build_execution(header, tuple(included), tuple(receipts), tuple(inferences))


def _write_system_contracts(state: Any, template: Header) -> None:
    beacon_slot = template.timestamp % HISTORY_BUFFER_LENGTH  # EIP-4788
    beacon_root = int.from_bytes(template.parent_beacon_block_root, "big")
    state.set_storage(BEACON_ROOTS_ADDRESS, beacon_slot, template.timestamp)
    state.set_storage(BEACON_ROOTS_ADDRESS, beacon_slot + HISTORY_BUFFER_LENGTH, beacon_root)
    history_slot = (template.number - 1) % HISTORY_SERVE_WINDOW  # EIP-2935
    parent_hash = int.from_bytes(template.parent_hash, "big")
    state.set_storage(HISTORY_STORAGE_ADDRESS, history_slot, parent_hash)


def _apply(state: Any, template: Header, transaction: Transaction, gas_used: int) -> Any:
    check_transaction(transaction, state, template)
    if gas_used + transaction.evm.gas > template.gas_limit:
        left = template.gas_limit - gas_used
        raise BlockFull(f"{transaction.evm.gas} gas do not fit: {left} left in the block")
    state.lock_changes()
    before = state.snapshot()
    try:
        computation = state.apply_transaction(transaction.evm)
    except (ValidationError, VMError) as refused:
        state.revert(before)
        raise BadTransaction(f"refused by the EVM: {refused}") from refused
    except Fatal as fault:
        state.revert(before)
        raise HostError(f"{type(fault).__name__}: {fault}") from fault
    state.commit(before)
    return computation


def _build_receipt(
    transaction: Transaction, computation: Any, template: Header, gas_before: int
) -> Receipt:
    evm = transaction.evm
    spent = evm.gas - computation.get_gas_remaining()
    refund = min(computation.get_gas_refund(), spent // 5)  # EIP-3529
    gas_used = spent - refund + computation.data_floor_gas
    tip = min(evm.max_priority_fee_per_gas, evm.max_fee_per_gas - template.base_fee_per_gas)
    created = transaction.is_creation and computation.is_success
    return Receipt(
        succeeded=computation.is_success,
        gas_used=gas_used,
        cumulative_gas_used=gas_before + gas_used,
        effective_gas_price=template.base_fee_per_gas + tip,
        logs=tuple(
            Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), bytes(data))
            for address, topics, data in computation.get_log_entries()
        ),
        contract_address=computation.msg.storage_address if created else None,
        output=bytes(computation.output),
        failure="" if computation.is_success else type(computation.error).__name__,
    )


def _collect_inferences(
    transaction: Transaction, computation: Any, number: int, position: int
) -> list[Inference]:
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
        for index, (call, reverted) in enumerate(walk_inferences(computation))
    ]


def encode_receipt(type_id: int, receipt: Receipt) -> bytes:
    """Consensus encoding of a receipt (EIP-2718)."""
    body: bytes = rlp.encode(
        [
            b"\x01" if receipt.succeeded else b"",
            receipt.cumulative_gas_used,
            compute_bloom(receipt.logs),
            [[log.address, list(log.topics), log.data] for log in receipt.logs],
        ]
    )
    return bytes([type_id]) + body if type_id else body


def compute_bloom(logs: Sequence[Log]) -> bytes:
    """2048-bit bloom over addresses and topics."""
    bloom = BloomFilter()
    for log in logs:
        bloom.add(log.address)
        for topic in log.topics:
            bloom.add(topic)
    return int(bloom).to_bytes(256, "big")


def _compute_list_root(items: Sequence[bytes]) -> bytes:
    trie = HexaryTrie({}, prune=True)
    with trie.squash_changes() as batch:
        for index, item in enumerate(items):
            batch[rlp.encode(index)] = item
    return bytes(trie.root_hash)
