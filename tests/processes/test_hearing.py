"""Whatever a peer says, a process and the node go on: it is acted on, or its sender is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet.consensus.participation.host import Status
from devnet.errors import BadMessage
from devnet.network.sockets.identity import Peer
from devnet.processes.codec import decode, encode
from devnet.processes.message import Introduced, Message
from tests.processes.quartet import NAMES, Orchestra
from tests.processes.test_codec import MESSAGES

NEAR = st.integers(0, 4)  # heights, rounds and offsets around the head


@pytest.fixture(scope="module")
def orchestra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestra]:
    """At block 2."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path_factory.mktemp("network"), stack)
        for _ in range(2):
            orchestra.wait_for_block(orchestra.send())
        yield orchestra


def bring_near(value: Any, place: int, validator: bytes) -> Any:
    """The same about a height that there is, by somebody who votes there."""
    near = {"height": place, "round": place, "offset": place, "validator": validator}
    changes: dict[str, Any] = {k: v for k, v in near.items() if hasattr(value, k)}
    for inner in ("proposal", "commit"):
        if hasattr(value, inner):
            changes[inner] = bring_near(getattr(value, inner), place, validator)
    parts = {name: getattr(value, name) for name in getattr(type(value), "__match_args__", ())}
    return type(value)(**{**parts, **changes}) if changes else value


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(MESSAGES, NEAR, st.sampled_from(NAMES), st.booleans())
def test_no_message_ends_a_process_or_the_node(
    orchestra: Orchestra, message: Message, place: int, name: str, is_near: bool
) -> None:
    """Of any kind, about any height, in the name of any validator; nothing is decided by it."""
    process, sender = orchestra.running["v0"], orchestra.running["v1"].peer
    if is_near:
        message = bring_near(message, place, orchestra.running[name].peer.address)
    process.hear(sender, encode(message))
    post = orchestra.federation._post
    with suppress(BadMessage):
        post._act(sender, decode(encode(message)), 3)
    orchestra.federation._take_next()
    assert (process.height, orchestra.node.head.header.number) == (2, 2)


def test_a_height_before_the_first_is_nobody_s(orchestra: Orchestra) -> None:
    """There is no certificate to answer with."""
    sender = orchestra.running["v2"].peer
    with pytest.raises(BadMessage, match="is at height 0; the first one is 1"):
        orchestra.running["v3"]._member.on_status(sender, Status(0, sender.address))


def test_an_introduction_of_somebody_unreachable_is_not_kept(orchestra: Orchestra) -> None:
    """Kept in the network file it would keep the process from starting again."""
    process = orchestra.running["v3"]
    before = process.network
    nowhere = Peer("v9", bytes(20), orchestra.running["v0"].peer.key, "udp://nowhere")
    process.hear(before.node, encode(Introduced(nowhere)))
    assert process.network == before
    dropped = {c.peer.name: c.dropped for c in process.contacts if c.dropped}
    assert "is no tcp://HOST:PORT" in dropped["node"]
