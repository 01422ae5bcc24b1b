"""Randomness depends on the seed and the names alone."""

from hypothesis import given
from hypothesis import strategies as st

from devnet.streams import draw

NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1), max_size=4
).map(tuple)
SEEDS = st.integers(0, 2**63)


@given(seed=SEEDS, names=NAMES)
def test_equal_paths_draw_equal_bytes(seed: int, names: tuple[str, ...]) -> None:
    """32 bytes, the same whenever and wherever they are drawn."""
    assert draw(seed, *names) == draw(seed, *names)
    assert len(draw(seed, *names)) == 32


@given(one=st.tuples(SEEDS, NAMES), other=st.tuples(SEEDS, NAMES))
def test_different_paths_draw_different_bytes(
    one: tuple[int, tuple[str, ...]], other: tuple[int, tuple[str, ...]]
) -> None:
    """Neither the seed nor one name more or less gives the same stream."""
    seed, names = one
    assert (draw(seed, *names) == draw(other[0], *other[1])) == (one == other)
    assert draw(seed, *names) != draw(seed + 1, *names)
    assert draw(seed, *names) != draw(seed, *names, 0)


def test_draws_are_pinned() -> None:
    """Another value would change every chain that was ever started with this seed."""
    assert draw(0, "validator", 0) == bytes.fromhex(
        "4c502adf97234b21b43fb0dedec62d5b22202611cf6e22447f4b2750447e2186"
    )
