"""Models between processes: who has what, and what is on its way here."""

from collections.abc import Callable

from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import Peer
from devnet.processes.codec import encode
from devnet.processes.download import Download, cut_part
from devnet.processes.message import ModelPart, ModelsHeld, ModelWanted
from precompiles.errors import ModelMissing
from precompiles.models.store import ModelStore

MAX_DOWNLOADS = 64  # at a time; others are offered again with the next connection
MAX_OFFERED = 10_000  # ids in one message


class ModelExchange:
    """Hands out what is here, and fetches what others have."""

    def __init__(
        self,
        exchange: Exchange,
        store: ModelStore,
        held: tuple[bytes, ...],
        put: Callable[[bytes], None],
    ) -> None:
        """
        Args:
            held: ids of the models in the store.
            put: called with a model that has come whole.
        """
        self._exchange, self._store, self._put = exchange, store, put
        self.held = dict.fromkeys(held)
        self._downloads: dict[bytes, Download] = {}

    def greet(self, peer: Peer) -> None:
        """Tell a peer what is here, and ask again for what it was sending."""
        if self.held:
            offered = tuple(self.held)[-MAX_OFFERED:]
            self._exchange.send(peer.key, encode(ModelsHeld(offered)))
        for download in self._downloads.values():
            if download.peer == peer.key:
                self._exchange.send(peer.key, encode(download.question))

    def offer(self, model_id: bytes) -> None:
        """Tell all peers of a model that is here now."""
        self.held[model_id] = None
        self._exchange.broadcast(encode(ModelsHeld((model_id,))))

    def on_offer(self, peer: Peer, offered: ModelsHeld) -> None:
        """Fetch what is not here."""
        for model_id in offered.model_ids:
            known = self._downloads.get(model_id)
            if model_id in self.held or len(self._downloads) >= MAX_DOWNLOADS:
                continue
            if known is None or not self._is_there(known.peer):
                download = self._downloads[model_id] = Download(model_id, peer.key)
                self._exchange.send(peer.key, encode(download.question))

    def on_question(self, peer: Peer, question: ModelWanted) -> None:
        """Hand out a part of what is here."""
        try:
            model = self._store.get(question.model_id)
        except ModelMissing:
            return
        self._exchange.send(peer.key, encode(cut_part(model, question)))

    def on_part(self, peer: Peer, part: ModelPart) -> None:
        """Take a part that was asked for. Raises: BadMessage."""
        download = self._downloads.get(part.model_id)
        if download is None or download.peer != peer.key:
            return
        try:
            model = download.add(part)
        except BaseException:
            del self._downloads[part.model_id]
            raise
        if not model:
            self._exchange.send(peer.key, encode(download.question))
            return
        del self._downloads[part.model_id]
        self._put(model)
        self.offer(part.model_id)

    def _is_there(self, key: str) -> bool:
        contacts = self._exchange.list_contacts()
        return any(c.peer.key == key and c.is_connected for c in contacts)
