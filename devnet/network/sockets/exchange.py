"""Exchange: all sockets of one process: who is connected, what came from whom, who was dropped.

Messages are opaque bytes from authenticated peers. One thread; nothing here blocks longer than
it is told to. Source: ZeroMQ with CURVE (RFC 26) and ZAP (RFC 27); no cryptography of our own.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

import zmq
from zmq.auth.thread import ThreadAuthenticator

from devnet.clock import Clock
from devnet.errors import ConfigError
from devnet.network.sockets.allowance import MAX_FRAME_BYTES, Allowance
from devnet.network.sockets.gatekeeper import Gatekeeper
from devnet.network.sockets.identity import Peer, WireKeys, check_peer
from devnet.network.sockets.link import Link

REDIAL_S = 1.0  # until a peer that has refused this key is tried again; ZeroMQ gives up on it
MAX_AT_ONCE = 1_000  # messages that one call of `receive` returns
MAX_RECEIVED = 1_000  # messages of one connection that wait unread; the sender's wait at its side

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Contact:
    """What there is to say about one peer."""

    peer: Peer
    is_connected: bool
    lost: int  # messages to it that nobody was there for
    dropped: str  # why nothing is heard from it any more, empty if it is


class Exchange:
    """The process's place among its peers."""

    def __init__(
        self, keys: WireKeys, endpoint: str, clock: Clock, peers: Iterable[Peer] = ()
    ) -> None:
        """
        Args:
            endpoint: where to be reached, as in tcp://127.0.0.1:26656; with port 0 any free one.
            peers: who may connect from the first moment on.
        Raises: ConfigError if that cannot be listened on, or a peer is none.
        """
        self.keys = keys
        self.news: list[Peer] = []  # to whom a connection was made since this was last emptied
        self._clock = clock
        self._links: dict[str, Link] = {}  # by key
        self._allowances: dict[str, Allowance] = {}
        self._refused: dict[str, float] = {}  # when it was seen, by key
        self._dropped: dict[str, tuple[Peer, str]] = {}
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._context.set(zmq.MAX_SOCKETS, 4096)
        self.gatekeeper = Gatekeeper()
        self._authenticator = ThreadAuthenticator(self._context)
        self._authenticator.start()
        self._authenticator.configure_curve_callback("*", credentials_provider=self.gatekeeper)
        self._inbox = self._context.socket(zmq.ROUTER)
        self._poller = zmq.Poller()
        try:
            for peer in peers:
                self.add(peer)
            self.endpoint = self._listen(endpoint)
        except ConfigError:
            self.close()
            raise
        except zmq.ZMQError as refused:
            self.close()
            raise ConfigError(
                f"cannot listen on {endpoint}: {refused.strerror}; use another port"
            ) from refused

    def add(self, peer: Peer) -> None:
        """Let a peer in and connect to it; one that was dropped stays out. Raises: ConfigError."""
        known = self._links.get(peer.key)
        if peer.key in self._dropped or (known and known.peer == peer):
            return
        check_peer(peer)
        if known is not None:
            self._close(known)
        self.gatekeeper.admit(peer.key, peer.name)
        self._allowances.setdefault(peer.key, Allowance(self._clock()))
        link = self._links[peer.key] = Link(self._context, self.keys, peer)
        self._poller.register(link.monitor, zmq.POLLIN)

    def send(self, key: str, data: bytes) -> None:
        """To one peer; lost if it is not there."""
        link = self._links.get(key)
        if link is not None:
            link.send(data)

    def broadcast(self, data: bytes) -> None:
        """To all peers."""
        for link in self._links.values():
            link.send(data)

    def receive(self, timeout_ms: int) -> tuple[tuple[Peer, bytes], ...]:
        """What came, in order for each peer; waits for it no longer than `timeout_ms`."""
        self._poller.poll(timeout_ms)
        for link in tuple(self._links.values()):
            if link.read_events():
                self.news.append(link.peer)
            if link.is_refused:
                self._redial(link)
        return tuple(self._read())

    def drop(self, key: str, reason: str) -> None:
        """Hear and say nothing more to a peer, for as long as this process lives."""
        link = self._links.pop(key, None)
        if link is None:
            return
        self._dropped[key] = link.peer, reason
        self.gatekeeper.expel(key)
        self._close(link)
        _logger.warning("dropped %s (key %s): %s", link.peer.name, key, reason)

    def list_contacts(self) -> tuple[Contact, ...]:
        """All peers, those that were dropped last."""
        links = (Contact(k.peer, k.is_connected, k.lost, "") for k in self._links.values())
        dropped = (Contact(peer, False, 0, why) for peer, why in self._dropped.values())
        return (*links, *dropped)

    def close(self) -> None:
        """Let go of all sockets; what was queued is lost."""
        for link in tuple(self._links.values()):
            self._close(link)
        self._links.clear()
        self._inbox.close(0)
        self._authenticator.stop()
        self._context.destroy(0)

    def _listen(self, endpoint: str) -> str:
        inbox = self._inbox
        inbox.set(zmq.LINGER, 0)
        inbox.set(zmq.RCVHWM, MAX_RECEIVED)
        inbox.set(zmq.MAXMSGSIZE, 2 * MAX_FRAME_BYTES)  # more is never read: the line is cut
        inbox.curve_server = True
        inbox.curve_publickey = self.keys.public.encode()
        inbox.curve_secretkey = self.keys.secret.encode()
        inbox.bind(endpoint)
        self._poller.register(inbox, zmq.POLLIN)
        return inbox.get_string(zmq.LAST_ENDPOINT).rstrip("\0")

    def _read(self) -> Iterable[tuple[Peer, bytes]]:
        for _ in range(MAX_AT_ONCE):
            try:
                frames = self._inbox.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            key = str(frames[-1].get("User-Id"))  # what the gatekeeper let in
            link = self._links.get(key)
            if link is None:
                continue  # dropped while it was connected
            size = sum(len(frame) for frame in frames[1:])
            reason = self._allowances[key].spend(size, self._clock())
            if len(frames) != 2:
                reason = f"a message in {len(frames) - 1} frames, not one"
            if reason:
                self.drop(key, reason)
                continue
            yield link.peer, frames[1].bytes

    def _redial(self, link: Link) -> None:
        key, now = link.peer.key, self._clock()
        if now - self._refused.setdefault(key, now) < REDIAL_S:
            return
        del self._refused[key]
        self._close(link)
        again = self._links[key] = Link(self._context, self.keys, link.peer)
        again.lost = link.lost
        self._poller.register(again.monitor, zmq.POLLIN)

    def _close(self, link: Link) -> None:
        self._poller.unregister(link.monitor)
        link.close()
