"""Authenticated peers hear each other over real sockets; strangers and flooders do not get in."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
import zmq

from devnet.clock import read_clock
from devnet.errors import ConfigError
from devnet.network.sockets.allowance import MAX_FRAME_BYTES
from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import Peer, WireKeys, derive_keys

PATIENCE_S = 20.0
ANY_PORT = "tcp://127.0.0.1:0"
Group = Callable[[int], tuple[Exchange, ...]]


def describe(exchange: Exchange, index: int) -> Peer:
    """How others know it."""
    return Peer(f"v{index}", bytes([index]) * 20, exchange.keys.public, exchange.endpoint)


def wait(until: Callable[[], bool], *exchanges: Exchange) -> list[tuple[Peer, bytes]]:
    """Let all of them work until something holds; returns what they heard."""
    heard: list[tuple[Peer, bytes]] = []
    end = read_clock() + PATIENCE_S
    while not until():
        assert read_clock() < end, "waited too long"
        for exchange in exchanges:
            heard += exchange.receive(5)
    return heard


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def group(stack: ExitStack) -> Group:
    """So many exchanges that all know each other."""

    def build(size: int) -> tuple[Exchange, ...]:
        keys = [derive_keys(bytes([i]) * 32) for i in range(size)]
        made = tuple(stack.enter_context(closing(Exchange(k, ANY_PORT, read_clock))) for k in keys)
        for i, exchange in enumerate(made):
            for j, other in enumerate(made):
                if i != j:
                    exchange.add(describe(other, j))
        wait(lambda: all(c.is_connected for e in made for c in e.list_contacts()), *made)
        return made

    return build


def connect_raw(stack: ExitStack, keys: WireKeys, to: Exchange) -> zmq.Socket[bytes]:
    """A socket with the keys of a peer that does as it likes."""
    context: zmq.Context[zmq.Socket[bytes]] = stack.enter_context(zmq.Context())
    socket = stack.enter_context(context.socket(zmq.DEALER))
    socket.linger = 0
    socket.curve_publickey, socket.curve_secretkey = keys.public.encode(), keys.secret.encode()
    socket.curve_serverkey = to.keys.public.encode()
    socket.connect(to.endpoint)
    return socket


def test_messages_arrive_in_order_and_under_the_sender_s_name(group: Group) -> None:
    """The key of the handshake says who it is, not the message."""
    first, second, third = group(3)
    for number in range(50):
        second.send(first.keys.public, bytes([number]))
        third.broadcast(b"x")
    heard: list[tuple[Peer, bytes]] = []

    def is_all_here() -> bool:
        heard.extend(first.receive(5))
        return len(heard) >= 100

    wait(is_all_here)
    assert [data for peer, data in heard if peer.name == "v1"] == [bytes([n]) for n in range(50)]
    assert sum(peer.name == "v2" for peer, _ in heard) == 50


def test_a_stranger_is_turned_away_and_told_of(group: Group, stack: ExitStack) -> None:
    """Nothing of what it sends is read."""
    first, second = group(2)
    keys = derive_keys(b"s" * 32)
    connect_raw(stack, keys, first).send(b"let me in")
    heard = wait(lambda: keys.public in first.gatekeeper.strangers, first)
    second.broadcast(b"still here")
    while not heard:
        heard += first.receive(50)
    assert [(peer.name, data) for peer, data in heard] == [("v1", b"still here")]


def test_a_peer_that_knocks_before_it_is_known_gets_in_once_it_is(stack: ExitStack) -> None:
    """Whoever joins may be quicker than the news of it."""
    keys = [derive_keys(bytes([i]) * 32) for i in range(2)]
    early, late = (stack.enter_context(closing(Exchange(k, ANY_PORT, read_clock))) for k in keys)
    early.add(describe(late, 1))
    wait(lambda: early.keys.public in late.gatekeeper.strangers, early, late)
    assert not early.list_contacts()[0].is_connected
    late.add(describe(early, 0))
    wait(lambda: early.list_contacts()[0].is_connected, early, late)
    assert late.gatekeeper.strangers == {}


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([bytes(MAX_FRAME_BYTES + 1)], f"at most {MAX_FRAME_BYTES}"),
        ([b"a", b"b"], "a message in 2 frames, not one"),
    ],
)
def test_a_peer_that_sends_too_much_is_dropped_and_named(
    group: Group,
    stack: ExitStack,
    frames: list[bytes],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The others are heard as before."""
    first, second, third = group(3)
    connect_raw(stack, third.keys, first).send_multipart(frames)
    with caplog.at_level(logging.WARNING):
        wait(lambda: any(c.dropped for c in first.list_contacts()), first)
    (dropped,) = [c for c in first.list_contacts() if c.dropped]
    assert dropped.peer.name == "v2"
    assert said in dropped.dropped
    assert f"dropped v2 (key {third.keys.public})" in caplog.text
    third.broadcast(b"from the dropped")
    second.broadcast(b"from another")
    heard: list[tuple[Peer, bytes]] = []
    while not heard:
        heard += first.receive(50)
    assert [peer.name for peer, _ in heard] == ["v1"]


def test_a_dropped_peer_stays_out(group: Group) -> None:
    """Also if it is introduced again."""
    first, second = group(2)
    first.drop(second.keys.public, "says nonsense")
    first.add(describe(second, 1))
    assert [c.dropped for c in first.list_contacts()] == ["says nonsense"]


def test_a_peer_that_comes_back_is_connected_again(group: Group) -> None:
    """At its old place, with nothing done about it here."""
    first, second = group(2)
    place, keys = second.endpoint, second.keys
    second.close()
    wait(lambda: not first.list_contacts()[0].is_connected, first)
    first.broadcast(b"nobody is there")
    assert first.list_contacts()[0].lost == 1
    first.news.clear()
    with closing(Exchange(keys, place, read_clock)) as again:
        again.add(describe(first, 0))
        wait(lambda: bool(first.news), first, again)
        first.broadcast(b"hello")
        heard: list[bytes] = []
        while not heard:
            heard = [data for _, data in again.receive(50)]
        assert heard == [b"hello"]


def test_a_taken_port_is_refused_with_the_remedy(group: Group) -> None:
    """And leaves nothing behind."""
    (first,) = group(1)
    with pytest.raises(ConfigError, match="use another port"):
        Exchange(derive_keys(b"x" * 32), first.endpoint, read_clock)
