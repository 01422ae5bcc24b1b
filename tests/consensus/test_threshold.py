"""Thresholds are exact for any integers."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from devnet.consensus.threshold import compute_quorum, compute_third, is_quorum, is_third

TOTALS = st.integers(1, 2**80)


@given(total=TOTALS, data=st.data())
def test_thresholds_are_strict_fractions(total: int, data: st.DataObject) -> None:
    """More than two thirds, more than one third, at the boundary and anywhere."""
    near = st.sampled_from([2 * total // 3, total // 3]).flatmap(
        lambda middle: st.integers(middle - 2, middle + 2)
    )
    power = data.draw(near | st.integers(0, total))
    assert is_quorum(power, total) == (Fraction(power, total) > Fraction(2, 3))
    assert is_third(power, total) == (Fraction(power, total) > Fraction(1, 3))


@given(total=TOTALS)
def test_least_powers_are_least(total: int) -> None:
    """One unit less does not do."""
    quorum, third = compute_quorum(total), compute_third(total)
    assert is_quorum(quorum, total)
    assert not is_quorum(quorum - 1, total)
    assert is_third(third, total)
    assert not is_third(third - 1, total)


@given(total=TOTALS)
def test_quorum_less_a_tolerable_fault_still_outweighs_it(total: int) -> None:
    """Two quorums share more than a third: at least one correct validator."""
    assert is_third(2 * compute_quorum(total) - total, total)
