"""Imports blocks made elsewhere: each rule checked, each transaction executed, each root compared.

Nothing of a block is believed; it enters only if its own execution gives its header.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from devnet.chain.block import Execution
from devnet.chain.body import Block
from devnet.chain.execution import execute_block
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.seal import check_seal
from devnet.chain.header import Header, compute_header_hash, get_fields
from devnet.chain.history import History
from devnet.chain.transaction import Transaction, decode_included
from devnet.chain.validation import (
    MAX_UNCLE_DEPTH,
    check_body,
    check_header,
    check_merge,
    check_uncles,
    show,
)
from devnet.chain.world import World
from devnet.errors import BadBlock, ChainError

_BLOCKHASH_WINDOW = 256  # blocks that BLOCKHASH sees
_BLANK = {  # what execution finds
    "state_root": bytes(32),
    "receipts_root": bytes(32),
    "logs_bloom": bytes(256),
    "gas_used": 0,
    "blob_gas_used": 0,
}

CheckSeal = Callable[[Header], None]


def import_blocks(
    world: World,
    history: History,
    blocks: Iterable[Block],
    check_seal: CheckSeal = check_seal,
    after: int | None = None,
) -> Iterator[Execution]:
    """Check and execute blocks one after another; those that are known are passed over.

    Args:
        history: the chain so far; what comes out may be appended to it meanwhile.
        check_seal: asked about each header with proof of work; `accept_seal` believes all.
        after: the last block whose state the world has, the head of `history` if not given.
    Yields: each new block, when the world holds its state.
    Raises: BadBlock at the first block that breaks a rule; ConfigError if proof of work cannot be
        checked here.
    """
    last = history.head.header.number if after is None else after
    hashes = [history.get_hash(last), *history.get_ancestors(last)][:_BLOCKHASH_WINDOW]
    family = [  # the parent first
        history.get_block(number) for number in range(last, max(last - MAX_UNCLE_DEPTH - 1, -1), -1)
    ]
    total = history.compute_total_difficulty(last)
    for block in blocks:
        if _is_known(block, history, last):
            continue
        parent = family[0]
        _check(world, block, family, total, check_seal)
        execution = _execute(world, parent.header, block, hashes)
        total += block.header.difficulty
        hashes = [execution.hash, *hashes[: _BLOCKHASH_WINDOW - 1]]
        family = [execution, *family[:MAX_UNCLE_DEPTH]]
        yield execution


def _is_known(block: Block, history: History, last: int) -> bool:
    number = block.header.number
    if number > last:
        return False
    known, given = history.get_hash(number), compute_header_hash(block.header)
    if known != given:
        raise BadBlock(f"block {number} is {show(given)}, the chain has {show(known)}")
    return True


def _check(
    world: World, block: Block, family: Sequence[Execution], total: int, check_seal: CheckSeal
) -> None:
    header, parent, schedule = block.header, family[0], world.schedule
    check_merge(header, total, schedule.terminal_difficulty)
    check_header(header, parent.header, parent.hash, schedule)
    rules = schedule.find_rules(header)
    check_body(block, rules)
    check_uncles(block, family, schedule)
    if not rules.is_proof_of_stake:
        for sealed in (header, *block.uncles):
            check_seal(sealed)


def _execute(world: World, parent: Header, block: Block, hashes: Sequence[bytes]) -> Execution:
    header = block.header
    fork = world.schedule.find_fork(header)
    transactions = _decode_transactions(block, fork)
    template = replace(header, **_BLANK)  # type: ignore[arg-type]
    try:
        found = execute_block(
            world,
            parent,
            template,
            transactions,
            hashes,
            uncles=block.uncles,
            withdrawals=block.withdrawals,
        )
    except ChainError as refused:
        raise BadBlock(f"block {header.number}: {refused}") from refused
    for name in get_fields(header):
        given, own = getattr(header, name), getattr(found.header, name)
        if given != own:
            raise BadBlock(
                f"block {header.number}: {name} is {show(given)}, own execution gives {show(own)}"
            )
    return found


def _decode_transactions(block: Block, fork: Fork) -> Iterator[Transaction]:
    for index, raw in enumerate(block.transactions):
        try:
            yield decode_included(raw, fork)
        except ChainError as refused:
            raise BadBlock(f"transaction {index}: {refused}") from refused
