"""Models between processes: who has what, and what is on its way here.

Each model comes from one peer at a time (decision 0057). One that lets it wait is passed over, one
that sends something else is dropped, and the next one is asked, from the first byte on.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from devnet.clock import Clock
from devnet.errors import BadMessage
from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import Peer
from devnet.processes.codec import encode
from devnet.processes.message import LackReport, ModelsHeld
from devnet.validators.download import Download, ModelPart, ModelWanted
from precompiles.errors import ModelMissing, StoreCorrupt

MAX_DOWNLOADS = 64  # at a time; others follow
MAX_OFFERED = 10_000  # ids in one message, and ids whose holders are remembered
STALL_S = 5.0  # without a part, before another peer is asked

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Search:
    """One model that is not here."""

    download: Download
    server: Peer | None = None  # who is asked
    asked_s: float = 0.0  # when something came from it last, or was asked for first
    tried: dict[str, None] = field(default_factory=dict)  # keys, since all were tried last
    passed_over: dict[str, None] = field(default_factory=dict)  # names

    def leave(self) -> None:
        """Ask somebody else, from the first byte on."""
        if self.server is not None:
            self.tried[self.server.key] = self.passed_over[self.server.name] = None
        self.server, self.download = None, Download(self.download.model_id)


class ModelExchange:
    """Hands out what is here, and fetches what others have."""

    def __init__(
        self,
        exchange: Exchange,
        clock: Clock,
        held: tuple[bytes, ...],
        serve: Callable[[ModelWanted], ModelPart],
        put: Callable[[bytes], None],
    ) -> None:
        """
        Args:
            held: ids of the models that are here.
            serve: answers a question. Raises: ModelMissing, StoreCorrupt.
            put: called with a model that has come whole.
        """
        self._exchange, self._clock = exchange, clock
        self._serve, self._put = serve, put
        self.held = dict.fromkeys(held)
        self._holders: dict[bytes, dict[str, Peer]] = {}  # by model and key
        self._searches: dict[bytes, _Search] = {}

    def greet(self, peer: Peer) -> None:
        """Tell a peer what is here, and ask again for what it was sending."""
        if self.held:
            offered = tuple(self.held)[-MAX_OFFERED:]
            self._exchange.send(peer.key, encode(ModelsHeld(offered)))
        for search in self._searches.values():
            if search.server is not None and search.server.key == peer.key:
                self._exchange.send(peer.key, encode(search.download.question))

    def offer(self, model_id: bytes) -> None:
        """Tell all peers of a model that is here now."""
        self.held[model_id] = None
        self._exchange.broadcast(encode(ModelsHeld((model_id,))))

    def seek(self, missing: Collection[bytes]) -> None:
        """Look for what was asked for in vain, whoever has it; no more for what nobody wants."""
        for model_id in missing:
            if model_id not in self._searches:
                self.held.pop(model_id, None)
                self._searches[model_id] = _Search(Download(model_id))
        for model_id in [m for m in self._searches if not self._holders.get(m)]:
            if model_id not in missing:
                del self._searches[model_id]

    def tick(self) -> None:
        """Ask others where somebody lets this process wait; begin what can be begun."""
        if not self._searches:
            return
        there = {c.peer.key for c in self._exchange.list_contacts() if c.is_connected}
        now = self._clock()
        able = [m for m in self._searches if self._holders.get(m)]
        for model_id in able[:MAX_DOWNLOADS]:
            search = self._searches[model_id]
            server = search.server
            if server is not None and (now - search.asked_s >= STALL_S or server.key not in there):
                _logger.warning("%s lets model 0x%s wait", server.name, model_id.hex())
                search.leave()
            if search.server is None:
                self._begin(search, there)

    def list_lacks(self) -> tuple[LackReport, ...]:
        """What is not here, and from whom it comes."""
        return tuple(
            LackReport(
                model_id,
                search.server.name if search.server else "",
                search.download.received,
                tuple(search.passed_over),
            )
            for model_id, search in tuple(self._searches.items())[:MAX_DOWNLOADS]
        )

    def on_offer(self, peer: Peer, offered: ModelsHeld) -> None:
        """Remember who has what; look for what is not here."""
        for model_id in offered.model_ids:
            if model_id in self._holders or len(self._holders) < MAX_OFFERED:
                self._holders.setdefault(model_id, {})[peer.key] = peer
                if model_id not in self.held and model_id not in self._searches:
                    self._searches[model_id] = _Search(Download(model_id))
        self.tick()

    def on_question(self, peer: Peer, question: ModelWanted) -> None:
        """Hand out a part of what is here."""
        try:
            part = self._serve(question)
        except (ModelMissing, StoreCorrupt):
            return
        self._exchange.send(peer.key, encode(part))

    def on_part(self, peer: Peer, part: ModelPart) -> None:
        """Take a part that was asked for. Raises: BadMessage."""
        search = self._searches.get(part.model_id)
        if search is None or search.server is None or search.server.key != peer.key:
            return
        before = search.download.received
        try:
            model = search.download.add(part)
        except BadMessage:
            self._holders.get(part.model_id, {}).pop(peer.key, None)
            search.leave()
            self.tick()
            raise
        if model:
            del self._searches[part.model_id]
            self._put(model)
            self.offer(part.model_id)
            self.tick()
        elif search.download.received > before:
            search.asked_s = self._clock()
            self._exchange.send(peer.key, encode(search.download.question))

    def _begin(self, search: _Search, there: Collection[str]) -> None:
        """Ask the next of those who have it, each once before anybody twice."""
        question = search.download.question
        holders = self._holders.get(question.model_id, {})
        able = [peer for key, peer in holders.items() if key in there]
        fresh = [peer for peer in able if peer.key not in search.tried]
        if not fresh:
            search.tried.clear()
        for peer in (fresh or able)[:1]:
            search.server, search.asked_s = peer, self._clock()
            self._exchange.send(peer.key, encode(question))
