"""Logical time: what was asked of the next block, and what holds after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devnet.clock import read_clock
from devnet.errors import ChainError
from devnet.timeline import MAX_TIMESTAMP, Timeline

PARENT = 1_000


def run(timeline: Timeline, blocks: int) -> list[int]:
    """Timestamps of the next blocks."""
    found, parent = [], PARENT
    for _ in range(blocks):
        parent = timeline.compute_next(parent)
        found.append(parent)
        timeline = timeline.pass_block()
    return found


@pytest.mark.parametrize(
    ("steps", "timestamps"),
    [
        ([], [1_003, 1_006, 1_009]),
        ([("shift", 10)], [1_013, 1_016, 1_019]),
        ([("shift", 10), ("shift", 5)], [1_018, 1_021, 1_024]),
        ([("set_next", 1_500)], [1_500, 1_503, 1_506]),
        ([("set_next", 1_500), ("shift", 10)], [1_500, 1_513, 1_516]),
        ([("shift", 10), ("set_next", 1_500)], [1_500, 1_513, 1_516]),
        ([("set_next", 1_500), ("set_next", 1_001)], [1_001, 1_004, 1_007]),
    ],
)
def test_what_was_asked_holds_once(steps: list[tuple[str, int]], timestamps: list[int]) -> None:
    """A shift for one block, a moment for one block, then a period apart again."""
    timeline = Timeline(3)
    for name, value in steps:
        timeline = getattr(timeline, name)(value, PARENT)
    assert run(timeline, 3) == timestamps
    assert timeline.shifted_s == sum(value for name, value in steps if name == "shift")


@given(
    st.lists(
        st.tuples(st.sampled_from(["shift", "set_next", "block"]), st.integers(0, 2_000)),
        max_size=20,
    )
)
def test_time_always_grows(steps: list[tuple[str, int]]) -> None:
    """Whatever is asked in whatever order, a block is later than its parent."""
    timeline, parent = Timeline(1), PARENT
    for name, value in steps:
        if name == "block":
            following = timeline.compute_next(parent)
            assert following > parent
            parent, timeline = following, timeline.pass_block()
        elif name == "shift":
            timeline = timeline.shift(value, parent)
        elif value > parent:
            timeline = timeline.set_next(value, parent)


def test_what_cannot_be_is_refused() -> None:
    """Back, on the spot, and beyond what a header holds."""
    for timestamp in (PARENT, PARENT - 1):
        with pytest.raises(ChainError, match="is not after the head's 1000"):
            Timeline(1).set_next(timestamp, PARENT)
    with pytest.raises(ChainError, match="is too far away"):
        Timeline(1).set_next(MAX_TIMESTAMP + 1, PARENT)
    with pytest.raises(ChainError, match="is too far away"):
        Timeline(1).shift(MAX_TIMESTAMP, PARENT)


def test_the_clock_never_goes_back() -> None:
    """It is the machine's own, for what is no part of a chain."""
    first = read_clock()
    assert read_clock() >= first
