"""Executes a block: what comes before, transactions in order, what comes after, roots, header.

A proposer and the validators that check it run this same code; they differ only in what happens
with a transaction that cannot be in the block: a proposer leaves it out, a validator refuses.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from devnet.chain.block import Execution, Withdrawal, build_execution
from devnet.chain.body import compute_block_bytes, compute_uncles_hash, compute_withdrawals_root
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.request import compute_requests_hash
from devnet.chain.forks.rules import UNLIMITED, Rules
from devnet.chain.forks.system import place_missing_contracts
from devnet.chain.forks.transition import begin_block, end_block
from devnet.chain.genesis import place_stubs
from devnet.chain.header import Header
from devnet.chain.inclusion import Progress, include
from devnet.chain.intrinsic import GAS_TRANSACTION
from devnet.chain.predeploy import place_predeploys
from devnet.chain.receipt import compute_bloom, encode_receipt
from devnet.chain.state.proof import compute_list_root
from devnet.chain.transaction import Transaction, adapt_transaction
from devnet.chain.world import World
from devnet.errors import BadBlock, BadTransaction, HostError, NotNow
from devnet.receipt import compute_inference_root

_FRAME_BYTES = 2_048  # of a block without transactions and withdrawals, at most

Leave = Callable[[Transaction, Exception], None]


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
    progress = Progress(template, rules, room if on_left_out else UNLIMITED)
    for transaction in transactions:
        if on_left_out and template.gas_limit - progress.gas_used < GAS_TRANSACTION:
            break  # nothing fits any more
        try:
            include(progress, state, adapt_transaction(transaction, rules.fork))
        except (BadTransaction, NotNow, HostError) as refused:
            if on_left_out is None:
                raise
            on_left_out(transaction, refused)
    requests = end_block(state, template, rules.fork, progress.deposits, uncles, withdrawals)
    state.persist()
    has_inference = world.has_inference(template.number)
    header = _fill_header(progress, state.state_root, uncles, withdrawals, requests, has_inference)
    check_size(header, rules, progress.transactions, uncles, withdrawals)
    body = (tuple(progress.transactions), tuple(progress.receipts), tuple(progress.inferences))
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
    progress: Progress,
    state_root: bytes,
    uncles: Sequence[Header],
    withdrawals: Sequence[Withdrawal],
    requests: Sequence[bytes],
    has_inference: bool,
) -> Header:
    pairs = zip(progress.transactions, progress.receipts, strict=True)
    changes: dict[str, Any] = {}
    if progress.rules.fork >= Fork.SHANGHAI:
        changes["withdrawals_root"] = compute_withdrawals_root(withdrawals)
    if progress.rules.fork >= Fork.CANCUN:
        changes["blob_gas_used"] = progress.blob_gas_used
    if progress.rules.fork >= Fork.PRAGUE:
        changes["requests_hash"] = compute_requests_hash(requests)
    if has_inference:
        root = compute_inference_root([inference.receipt for inference in progress.inferences])
        changes["extra_data"] = root
    return replace(
        progress.template,
        uncles_hash=compute_uncles_hash(uncles),
        state_root=state_root,
        transactions_root=compute_list_root([included.raw for included in progress.transactions]),
        receipts_root=compute_list_root([encode_receipt(t.type_id, r) for t, r in pairs]),
        logs_bloom=compute_bloom([log for receipt in progress.receipts for log in receipt.logs]),
        gas_used=progress.gas_used,
        length=progress.rules.header_length,
        **changes,
    )
