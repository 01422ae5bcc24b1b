"""Plans of simulated blocks: numbers and times that are left open are filled in."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from devnet.chain.header import Header
from devnet.chain.override import BlockOverride
from devnet.chain.simulated_call import GasBudget
from devnet.chain.simulation import MAX_BLOCKS, TIME_STEP_S, Plan, fill_gaps
from devnet.errors import SimulationRefused

BASE = Header(
    parent_hash=bytes(32),
    coinbase=bytes(20),
    state_root=bytes(32),
    number=10,
    gas_limit=30_000_000,
    timestamp=1_000,
    mix_hash=bytes(32),
)


def fill(*wanted: tuple[int | None, int | None]) -> list[tuple[int | None, int | None]]:
    """Number and time of each block that is made for these."""
    plans = [Plan(BlockOverride(number=number, timestamp=time)) for number, time in wanted]
    return [(plan.block.number, plan.block.timestamp) for plan in fill_gaps(BASE, plans)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ([], []),
        ([(None, None)], [(11, 1_012)]),
        ([(None, 1_001)], [(11, 1_001)]),
        ([(13, None)], [(11, 1_012), (12, 1_024), (13, 1_036)]),
        ([(13, 1_030)], [(11, 1_012), (12, 1_024), (13, 1_030)]),
        ([(None, 2_000), (None, None)], [(11, 2_000), (12, 2_012)]),
    ],
)
def test_gaps_are_filled(
    wanted: Sequence[tuple[int | None, int | None]], found: list[tuple[int, int]]
) -> None:
    """The next number, twelve seconds later; a number that is ahead brings empty blocks."""
    assert fill(*wanted) == found


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ([(10, None)], -38020),
        ([(12, None), (12, None)], -38020),
        ([(None, 1_000)], -38021),
        ([(None, 1_500), (None, 1_500)], -38021),
        ([(13, 1_000 + 2 * TIME_STEP_S)], -38021),
        ([(10 + MAX_BLOCKS + 1, None)], -38026),
    ],
)
def test_what_does_not_ascend_is_refused(
    wanted: Sequence[tuple[int | None, int | None]], code: int
) -> None:
    """Numbers before times; too far ahead with a code of its own."""
    with pytest.raises(SimulationRefused) as refused:
        fill(*wanted)
    assert refused.value.rpc_code == code


def test_as_many_blocks_as_are_allowed_fit() -> None:
    """Gaps included."""
    assert len(fill((10 + MAX_BLOCKS, None))) == MAX_BLOCKS


def test_a_budget_is_spent_and_never_owed() -> None:
    """A call may use more than is left of it; the next one then has nothing."""
    budget = GasBudget(100)
    budget.spend(60)
    assert budget.left == 40
    budget.spend(60)
    assert budget.left == 0
