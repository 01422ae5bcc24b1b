"""Randomness depends on the seed and the names alone."""

from hypothesis import given
from hypothesis import strategies as st

from devnet.streams import Stream, draw

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


def test_stream_is_even_and_stays_below_its_bound() -> None:
    """Small bounds and large ones; a share of a thousand is that share."""
    stream = Stream(3, "even")
    drawn = [stream.draw_below(6) for _ in range(6_000)]
    assert all(850 < drawn.count(face) < 1_150 for face in range(6))
    assert sum(stream.is_drawn(250) for _ in range(4_000)) in range(900, 1_100)
    assert all(stream.draw_word() < 2**64 for _ in range(100))


@given(seed=SEEDS, names=NAMES)
def test_equal_streams_draw_equally_and_past_a_block(seed: int, names: tuple[str, ...]) -> None:
    """The same words in the same order, block after block; another name, other words."""
    one, same, other = (Stream(seed, *names), Stream(seed, *names), Stream(seed, *names, "x"))
    words = [one.draw_word() for _ in range(600)]
    assert words == [same.draw_word() for _ in range(600)]
    assert words[:8] != [other.draw_word() for _ in range(8)]
    assert len(set(words)) == len(words)


def test_stream_words_are_pinned() -> None:
    """Another value would change every recorded simulation."""
    stream = Stream(0, "pinned")
    assert [stream.draw_word() for _ in range(3)] == [
        4171522648258432172,
        12678611298425909964,
        17091181768066850618,
    ]
