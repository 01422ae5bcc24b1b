"""Models between processes: from whoever has them, past those who lie or let others wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest

from devnet.clock import read_clock
from devnet.errors import BadMessage
from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import Peer, derive_keys
from devnet.processes.codec import decode, encode
from devnet.processes.message import LackReport, ModelsHeld
from devnet.processes.models import MAX_DOWNLOADS, STALL_S, ModelExchange
from devnet.validators.download import PART_BYTES, ModelPart, ModelWanted, cut_part
from precompiles.digest import compute_model_id
from precompiles.models.limits import MAX_MODEL_BYTES
from precompiles.models.store import MemoryStore

MODEL = bytes(range(256)) * (2 * PART_BYTES // 250)  # three parts
MODEL_ID = compute_model_id(MODEL)
FIRST = ModelWanted(MODEL_ID, 0)
PATIENCE_S = 30.0


class Market:
    """One process that seeks models, and three peers that do as the test says, over sockets."""

    def __init__(self, stack: ExitStack) -> None:
        self.now_s = 0.0
        self.came: list[bytes] = []
        self.asked: dict[str, list[ModelWanted]] = {name: [] for name in "abc"}
        self.store = MemoryStore()
        self.seeker, *others = (
            stack.enter_context(
                closing(Exchange(derive_keys(name.encode() * 32), "tcp://127.0.0.1:0", read_clock))
            )
            for name in ("s", "a", "b", "c")
        )
        self.givers = dict(zip("abc", others, strict=True))
        for name, giver in self.givers.items():
            self.seeker.add(Peer(name, bytes(20), giver.keys.public, giver.endpoint))
            giver.add(Peer("s", bytes(20), self.seeker.keys.public, self.seeker.endpoint))
        self.models = self.begin()
        sockets = (self.seeker, *self.givers.values())
        self.wait(lambda: all(c.is_connected for e in sockets for c in e.list_contacts()))

    def begin(self) -> ModelExchange:
        """As a process that starts."""
        serve = lambda asked: cut_part(self.store.get(asked.model_id), asked)  # noqa: E731
        return ModelExchange(self.seeker, lambda: self.now_s, (), serve, self.came.append)

    def offer(self, name: str, *model_ids: bytes) -> None:
        """A peer says what it has, until that is known."""
        self.givers[name].send(self.seeker.keys.public, encode(ModelsHeld(model_ids)))

    def answer(self, name: str, **changes: Any) -> None:
        """A peer's part for its latest question."""
        part = replace(cut_part(MODEL, self.asked[name][-1]), **changes)
        self.givers[name].send(self.seeker.keys.public, encode(part))

    def wait(self, holds: Callable[[], bool]) -> None:
        """Let all work until something holds."""
        end = read_clock() + PATIENCE_S
        while not holds():
            assert read_clock() < end, "waited too long"
            for peer, data in self.seeker.receive(1):
                self._act(peer, decode(data))
            for name, giver in self.givers.items():
                said = (decode(data) for _, data in giver.receive(1))
                self.asked[name] += [
                    message for message in said if isinstance(message, ModelWanted)
                ]

    def wait_for_question(self, name: str, asked: ModelWanted) -> None:
        """Until a peer was asked for this last."""
        self.wait(lambda: self.asked[name][-1:] == [asked])

    def wait_for_more(self, name: str) -> None:
        """Until a peer is asked again, or was dropped."""
        before = len(self.asked[name])
        self.wait(lambda: len(self.asked[name]) > before or bool(self.dropped))

    def pass_on(self, name: str) -> None:
        """A peer that serves all parts honestly, from now on."""

        def is_here() -> bool:
            if self.asked[name] and len(self.asked[name]) > served[0]:
                served[0] = len(self.asked[name])
                self.answer(name)
            return MODEL in self.came

        served = [0]
        self.wait(is_here)

    @property
    def dropped(self) -> dict[str, str]:
        """Why peers were."""
        return {c.peer.name: c.dropped for c in self.seeker.list_contacts() if c.dropped}

    def _act(self, peer: Peer, message: object) -> None:
        try:
            if isinstance(message, ModelsHeld):
                self.models.on_offer(peer, message)
            elif isinstance(message, ModelWanted):
                self.models.on_question(peer, message)
            elif isinstance(message, ModelPart):
                self.models.on_part(peer, message)
        except BadMessage as garbage:
            self.seeker.drop(peer.key, str(garbage))


@pytest.fixture
def market() -> Iterator[Market]:
    with ExitStack() as stack:
        yield Market(stack)


def test_a_model_comes_in_parts_from_the_first_who_has_it(market: Market) -> None:
    """Others who have it are not asked; then it is offered on."""
    market.offer("a", MODEL_ID)
    market.wait_for_question("a", FIRST)
    market.offer("b", MODEL_ID)
    market.pass_on("a")
    assert [asked.offset for asked in market.asked["a"]] == [0, PART_BYTES, 2 * PART_BYTES]
    assert market.asked["b"] == []
    assert (market.came, market.models.list_lacks()) == ([MODEL], ())
    assert MODEL_ID in market.models.held


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": b"\1" * PART_BYTES}, "has the hash 0x"),
        ({"data": b"short"}, "a part of 5 bytes"),
        ({"total_bytes": MAX_MODEL_BYTES + 1}, f"at most {MAX_MODEL_BYTES}"),
        ({"total_bytes": 0}, "of 0 bytes"),
    ],
)
def test_a_peer_that_serves_wrong_bytes_is_dropped_and_named(
    market: Market, changes: dict[str, Any], said: str
) -> None:
    """The next one is asked from the first byte on: nothing of the liar's is kept."""
    market.offer("a", MODEL_ID)
    market.wait_for_question("a", FIRST)
    market.offer("b", MODEL_ID)
    market.answer("a", **changes)
    market.wait_for_more("a")
    while not market.dropped:
        market.answer("a")
        market.wait_for_more("a")
    assert said in market.dropped["a"]
    assert MODEL_ID.hex() in market.dropped["a"]
    market.wait_for_question("b", FIRST)
    assert market.models.list_lacks()[0].passed_over == ("a",)
    market.pass_on("b")
    assert market.came == [MODEL]


def test_a_peer_that_lets_wait_is_passed_over_and_named(market: Market) -> None:
    """It is not dropped: it may be slow. If it alone has the model it is asked again."""
    market.offer("a", MODEL_ID)
    market.wait_for_question("a", FIRST)
    market.answer("a")
    market.wait_for_question("a", ModelWanted(MODEL_ID, PART_BYTES))
    market.now_s += STALL_S
    market.models.tick()
    assert market.models.list_lacks() == (LackReport(MODEL_ID, "a", 0, ("a",)),)
    market.offer("b", MODEL_ID)
    market.wait(lambda: len(market.asked["a"]) == 3)
    market.wait(lambda: len(market.models._holders[MODEL_ID]) == 2)
    market.now_s += STALL_S
    market.models.tick()
    market.wait_for_question("b", FIRST)
    market.pass_on("b")
    assert (market.came, market.dropped) == ([MODEL], {})


def test_a_model_that_nobody_has_is_told_and_fetched_once_somebody_has_it(market: Market) -> None:
    """As long as it is wanted."""
    market.models.seek((MODEL_ID, bytes(32)))
    market.models.tick()
    assert market.models.list_lacks() == (
        LackReport(MODEL_ID, "", 0, ()),
        LackReport(bytes(32), "", 0, ()),
    )
    market.models.seek((MODEL_ID,))
    assert [lack.model_id for lack in market.models.list_lacks()] == [MODEL_ID]
    market.offer("c", MODEL_ID)
    market.wait_for_question("c", FIRST)
    market.pass_on("c")
    assert market.came == [MODEL]


def test_a_model_that_was_lost_is_fetched_again(market: Market) -> None:
    """What was held counts no more once it was asked for in vain."""
    market.models.offer(MODEL_ID)
    market.offer("a", MODEL_ID)
    market.wait(lambda: bool(market.models._holders))
    assert market.models.list_lacks() == ()
    market.models.seek((MODEL_ID,))
    market.models.tick()
    market.wait_for_question("a", FIRST)
    assert MODEL_ID not in market.models.held


def test_a_download_that_a_restart_has_cut_off_begins_anew(market: Market) -> None:
    """Nothing unfinished is kept; the peers offer again what they have."""
    market.offer("a", MODEL_ID)
    market.wait_for_question("a", FIRST)
    market.answer("a")
    market.wait_for_question("a", ModelWanted(MODEL_ID, PART_BYTES))
    market.models = market.begin()
    market.answer("a")  # for the question of the process that is no more
    market.offer("a", MODEL_ID)
    market.wait_for_question("a", FIRST)
    market.pass_on("a")
    assert market.came == [MODEL]


def test_more_models_than_are_fetched_at_a_time_all_come(market: Market) -> None:
    """Those that had to wait follow, without another offer."""
    small = {compute_model_id(data): data for data in (bytes((i,)) for i in range(80))}
    assert len(small) > MAX_DOWNLOADS
    market.offer("a", *small)
    market.wait(lambda: len(market.asked["a"]) >= MAX_DOWNLOADS)
    assert len(market.models.list_lacks()) == MAX_DOWNLOADS
    served: list[ModelWanted] = []

    def are_all_here() -> bool:
        for asked in market.asked["a"][len(served) :]:
            served.append(asked)
            part = cut_part(small[asked.model_id], asked)
            market.givers["a"].send(market.seeker.keys.public, encode(part))
        return len(market.came) == len(small)

    market.wait(are_all_here)


def test_what_is_here_is_handed_out_and_what_is_not_is_not(market: Market) -> None:
    """A question about what nobody has costs nothing."""
    market.store.put(b"a model")
    heard: list[object] = []
    for model_id in (MODEL_ID, compute_model_id(b"a model")):
        market.givers["a"].send(market.seeker.keys.public, encode(ModelWanted(model_id, 0)))
    end = read_clock() + PATIENCE_S
    while not heard and read_clock() < end:
        for peer, data in market.seeker.receive(1):
            market._act(peer, decode(data))
        heard += [decode(data) for _, data in market.givers["a"].receive(1)]
    assert heard == [ModelPart(compute_model_id(b"a model"), 7, 0, b"a model")]
