"""Timers come when they are due, in order, and not before."""

from devnet.consensus.participation.host import NextHeight, Retry
from devnet.processes.timers import Timers


class Hand:
    """A clock that somebody moves."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_a_timer_comes_when_it_is_due() -> None:
    """Not a microsecond earlier."""
    clock = Hand()
    timers = Timers(clock)
    timers.schedule(Retry(1), 500_000)
    assert timers.pop() is None
    clock.now_s += 0.5
    assert timers.pop() == Retry(1)
    assert timers.pop() is None


def test_timers_come_in_order_of_time_then_of_scheduling() -> None:
    """Whatever the order in which they were scheduled."""
    clock = Hand()
    timers = Timers(clock)
    timers.schedule(Retry(3), 2_000)
    timers.schedule(Retry(1), 1_000)
    timers.schedule(NextHeight(2), 1_000)
    clock.now_s += 1.0
    assert [timers.pop() for _ in range(3)] == [Retry(1), NextHeight(2), Retry(3)]


def test_the_wait_ends_with_the_next_timer() -> None:
    """And is never longer than asked for."""
    clock = Hand()
    timers = Timers(clock)
    assert timers.compute_wait_ms(100) == 100
    timers.schedule(Retry(1), 50_000)
    assert 50 <= timers.compute_wait_ms(100) <= 51
    clock.now_s += 1.0
    assert timers.compute_wait_ms(100) == 0
