"""Blocks between two forms: as a process executes them, and as they travel."""

from devnet.chain.block import build_execution
from devnet.chain.body import Block, decode_block, encode_block, extract_block
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import compute_header_hash
from devnet.chain.transaction import decode_included
from devnet.errors import BadMessage, ChainError
from devnet.processes.message import Body
from devnet.validators.proposal import Proposal


def pack(proposal: Proposal) -> Body:
    """The block as it travels."""
    block = encode_block(extract_block(proposal.block))
    return Body(proposal.round, block, proposal.last_commit)


def read_block(body: Body, value: bytes) -> Block:
    """The block that `value` names. Raises: BadMessage if the bytes are no block, or not that."""
    try:
        block = decode_block(body.block)
    except ChainError as broken:
        raise BadMessage(f"a block that does not read: {broken}") from broken
    _check_name(compute_header_hash(block.header), value)
    return block


def unpack(body: Body, value: bytes | None, schedule: ForkSchedule) -> Proposal:
    """The block that `value` names, if it is given; not executed yet.

    Raises: BadMessage if the bytes are no block, or not that one.
    """
    try:
        block = decode_block(body.block)
        fork = schedule.find_fork(block.header)
        transactions = tuple(decode_included(raw, fork) for raw in block.transactions)
    except ChainError as broken:
        raise BadMessage(f"a block that does not read: {broken}") from broken
    execution = build_execution(block.header, transactions, (), (), block.uncles, block.withdrawals)
    if value is not None:
        _check_name(execution.hash, value)
    return Proposal(body.round, execution, body.last_commit)


def _check_name(found: bytes, value: bytes) -> None:
    if found != value:
        raise BadMessage(f"block 0x{found.hex()} where 0x{value.hex()} is named")
