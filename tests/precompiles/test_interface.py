"""Meter: gas is charged before the work, to the unit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompiles.errors import OutOfGas
from precompiles.interface import Meter


@given(st.lists(st.integers(0, 10**6), max_size=20), st.integers(0, 10**7))
def test_charges_add_up_until_the_limit(charges: list[int], limit: int) -> None:
    """Exactly the charges that fit are taken; the one that does not changes nothing."""
    meter = Meter(limit)
    total = 0
    for gas in charges:
        if total + gas > limit:
            with pytest.raises(OutOfGas) as stop:
                meter.charge(gas)
            assert (stop.value.cost, stop.value.limit) == (total + gas, limit)
        else:
            meter.charge(gas)
            total += gas
        assert meter.used == total


def test_the_whole_limit_can_be_spent() -> None:
    """The limit itself is affordable, one more is not."""
    meter = Meter(7)
    meter.charge(7)
    meter.charge(0)
    with pytest.raises(OutOfGas, match="costs 8 gas, 7 given"):
        meter.charge(1)
