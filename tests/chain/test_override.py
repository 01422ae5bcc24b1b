"""What a call sees of a block that is said to be another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet.chain.header import Header
from devnet.chain.override import BlockOverride, override_header, shift_ancestors

HEADER = Header(
    parent_hash=bytes(32),
    coinbase=bytes(20),
    state_root=bytes(32),
    number=5,
    gas_limit=30_000_000,
    timestamp=1_000,
    mix_hash=bytes(32),
    base_fee_per_gas=7,
)
HASHES = [bytes([number]) * 32 for number in (4, 3, 2, 1, 0)]  # of blocks before the fifth


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        (5, HASHES),
        (4, HASHES[1:]),
        (0, []),
        (7, [bytes(32), bytes(32), *HASHES]),
    ],
)
def test_hashes_stay_with_their_numbers(wanted: int, seen: list[bytes]) -> None:
    """What lies between the chain and a number ahead has no hash."""
    assert list(shift_ancestors(HASHES, 5, wanted)) == seen


def test_a_number_far_ahead_costs_no_memory() -> None:
    """BLOCKHASH looks no further than 256 blocks."""
    assert len(shift_ancestors(HASHES, 5, 2**63)) <= 256 + len(HASHES)


def test_only_what_is_named_changes() -> None:
    """Zero is a value, too."""
    changed = override_header(HEADER, BlockOverride(timestamp=0, base_fee_per_gas=0))
    assert changed == replace(HEADER, timestamp=0, base_fee_per_gas=0)
    assert override_header(HEADER, BlockOverride()) == HEADER


def test_difficulty_is_for_proof_of_work() -> None:
    """After the merge the instruction shows the random value instead."""
    harder = BlockOverride(difficulty=9)
    assert override_header(HEADER, harder).difficulty == 0
    assert override_header(replace(HEADER, difficulty=5), harder).difficulty == 9
