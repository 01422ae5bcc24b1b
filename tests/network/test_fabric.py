"""The fabric delivers in order of time, ties in order of sending, the same for the same seed."""

from hypothesis import given
from hypothesis import strategies as st

from devnet.network.fabric import Fabric
from devnet.network.fault import Duplication, Loss
from devnet.network.latency import Constant, LogNormal, Uniform
from devnet.network.rule import Rule

SENDS = st.lists(
    st.tuples(st.integers(0, 3), st.lists(st.integers(0, 3), max_size=4), st.integers(0, 99)),
    max_size=15,
)
RULES: tuple[Rule, ...] = (
    Loss(100),
    Duplication(200, LogNormal(5_000, 800)),
    LogNormal(5_000, 800),
)


def deliver(rules: tuple[Rule, ...], seed: int, sends: list[tuple[int, list[int], int]]) -> list[
    tuple[int, int, int]
]:  # fmt: skip
    """All deliveries as (time, node, payload)."""
    fabric: Fabric[int] = Fabric(rules, seed)
    for sender, recipients, payload in sends:
        fabric.send(sender, recipients, payload)
    return list(fabric.deliver())


@given(sends=SENDS, seed=st.integers(0, 2**32))
def test_equal_seeds_deliver_equally(sends: list[tuple[int, list[int], int]], seed: int) -> None:
    """Rules with loss, copies and long tails included; time never goes back."""
    first = deliver(RULES, seed, sends)
    assert first == deliver(RULES, seed, sends)
    assert [at for at, _, _ in first] == sorted(at for at, _, _ in first)


@given(sends=SENDS)
def test_everything_arrives_once_without_faults(sends: list[tuple[int, list[int], int]]) -> None:
    """As often as it was sent to each, no more."""
    arrived = [(node, payload) for _, node, payload in deliver((Uniform(1, 50),), 1, sends)]
    sent = [(node, payload) for _, nodes, payload in sends for node in nodes]
    assert sorted(arrived) == sorted(sent)


def test_ties_break_by_order_of_sending() -> None:
    """Timers and messages alike."""
    fabric: Fabric[str] = Fabric((Constant(10),), 0)
    fabric.send(0, (2, 1), "a")
    fabric.schedule(1, "timer", 10)
    fabric.send(1, (2,), "b")
    due = [(10, 2, "a"), (10, 1, "a"), (10, 1, "timer"), (10, 2, "b")]
    assert list(fabric.deliver()) == due


def test_sends_while_delivering_come_in_their_turn() -> None:
    """An answer at once comes after what is already due at that moment."""
    fabric: Fabric[str] = Fabric((), 0)
    fabric.send(0, (1, 2), "ask")
    seen = []
    for at, node, payload in fabric.deliver():
        assert at == fabric.now_us
        seen.append((node, payload))
        if payload == "ask" and node == 1:
            fabric.send(1, (0,), "answer")
            fabric.schedule(1, "later", 5)
    assert seen == [(1, "ask"), (2, "ask"), (0, "answer"), (1, "later")]
    assert (fabric.now_us, fabric.delivered) == (5, 4)


def test_no_rule_touches_timers() -> None:
    """Loss of everything loses no time."""
    fabric: Fabric[str] = Fabric((Loss(1000),), 0)
    fabric.send(0, (1,), "lost")
    fabric.schedule(0, "timer", 3)
    assert list(fabric.deliver()) == [(3, 0, "timer")]


@given(
    delays=st.lists(st.integers(0, 30_000), min_size=1, max_size=30),
    more=st.lists(st.integers(0, 30_000), max_size=30),
)
def test_timers_set_while_delivering_keep_the_order(delays: list[int], more: list[int]) -> None:
    """As a stable sort by time of everything that was set, near or far."""
    fabric: Fabric[int] = Fabric((), 0)
    expected = []
    for number, delay in enumerate(delays):
        fabric.schedule(0, number, delay)
        expected.append((delay, number))
    seen, left = [], list(enumerate(more, len(delays)))
    for at, _, number in fabric.deliver():
        seen.append((at, number))
        if left:
            following, delay = left.pop(0)
            fabric.schedule(0, following, delay)
            expected.append((at + delay, following))
    assert seen == sorted(expected)
