"""Replacement: by how much each fee must rise, with and without blobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devnet.chain.pool.replacement import check_replacement
from devnet.errors import FeeTooLow

if TYPE_CHECKING:
    from tests.chain.pool.conftest import Make

ALICE = b"\xa1" * 20


def test_the_bump_is_rounded_down_but_never_nothing(make: Make) -> None:
    """As geth computes it: of 15 it is 16; of 5 and of 0 one more."""
    for old, least in ((15, 16), (5, 6), (0, 1), (19, 20), (20, 22)):
        before = make(ALICE, 0, old, old)
        check_replacement(before, make(ALICE, 0, least, least))
        with pytest.raises(FeeTooLow, match=f"at least {least}"):
            check_replacement(before, make(ALICE, 0, least - 1, least - 1, value=1))


def test_blobs_are_replaced_for_double_all_three_fees(make: Make) -> None:
    """Whoever spreads blobs pays for spreading them again."""
    before = make(ALICE, 0, 100, 10, type_id=3, blob_fee=50)
    check_replacement(before, make(ALICE, 0, 200, 20, type_id=3, blob_fee=100))
    for fee, tip, blob_fee, named in (
        (199, 20, 100, "max_fee_per_gas 199, must be at least 200"),
        (200, 19, 100, "max_priority_fee_per_gas 19, must be at least 20"),
        (200, 20, 99, "max_fee_per_blob_gas 99, must be at least 100"),
    ):
        with pytest.raises(FeeTooLow, match=named):
            check_replacement(before, make(ALICE, 0, fee, tip, type_id=3, blob_fee=blob_fee))


@pytest.mark.parametrize("kinds", [(3, 2), (2, 3)])
def test_with_blobs_on_one_side_the_two_common_fees_double(
    make: Make, kinds: tuple[int, int]
) -> None:
    """A transfer that cancels blobs, and the other way round."""
    before = make(ALICE, 0, 100, 10, type_id=kinds[0], blob_fee=10**9)
    check_replacement(before, make(ALICE, 0, 200, 20, type_id=kinds[1]))
    with pytest.raises(FeeTooLow, match="at least 200"):
        check_replacement(before, make(ALICE, 0, 199, 20, type_id=kinds[1]))
