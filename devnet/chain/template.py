"""The header of a new block before execution: what follows from its parent by the fork."""

from typing import Any

from devnet.chain.fee import ELASTICITY, compute_base_fee
from devnet.chain.forks.blob import compute_excess_blob_gas
from devnet.chain.forks.difficulty import compute_difficulty
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import ForkSchedule
from devnet.chain.header import LONDON_LENGTH, Header


def build_child(
    schedule: ForkSchedule,
    parent: Header,
    parent_hash: bytes,
    *,
    timestamp: int,
    coinbase: bytes,
    mix_hash: bytes = bytes(32),
    parent_beacon_block_root: bytes = bytes(32),
    extra_data: bytes = bytes(32),
) -> Header:
    """A header whose results are blank. A child of proof of work stays with it."""
    difficulty, number = 0 if schedule.is_merged else parent.difficulty, parent.number + 1
    fork = schedule.find_fork_at(number, difficulty, timestamp)
    rules = schedule.get_rules(fork)
    changes: dict[str, Any] = {}
    if fork < Fork.PARIS:
        difficulty = compute_difficulty(parent, timestamp, fork)
    gas_limit = parent.gas_limit
    if fork >= Fork.LONDON:
        gas_limit *= ELASTICITY if parent.length < LONDON_LENGTH else 1
        changes["base_fee_per_gas"] = compute_base_fee(parent)
    if fork >= Fork.CANCUN:
        changes["excess_blob_gas"] = compute_excess_blob_gas(parent, rules.blob, fork)
        changes["parent_beacon_block_root"] = parent_beacon_block_root
    return Header(
        parent_hash=parent_hash,
        coinbase=coinbase,
        state_root=bytes(32),
        difficulty=difficulty,
        number=number,
        gas_limit=gas_limit,
        timestamp=timestamp,
        extra_data=extra_data,
        mix_hash=mix_hash,
        length=rules.header_length,
        **changes,
    )
