"""Link: the way to one peer: a socket that connects, reconnects, and holds a bounded queue.

What does not fit into the queue, or finds nobody connected, is lost; the protocol says it again.
"""

import zmq
from zmq.utils.monitor import recv_monitor_message

from devnet.network.sockets.identity import Peer, WireKeys

MAX_QUEUED = 1_000  # messages to one peer
_RECONNECT_MS, _RECONNECT_MAX_MS = 50, 1_000
_HEARTBEAT_MS, _HEARTBEAT_TIMEOUT_MS = 1_000, 5_000  # a peer that hangs counts as gone then
_CONNECTED = zmq.EVENT_HANDSHAKE_SUCCEEDED
_GONE = zmq.EVENT_DISCONNECTED | zmq.EVENT_CLOSED
_REFUSED = zmq.EVENT_HANDSHAKE_FAILED_AUTH


class Link:
    """One peer as seen from here."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: WireKeys, peer: Peer) -> None:
        self.peer = peer
        self.is_connected = False
        self.is_refused = False  # by a peer that does not know this key yet, or no more
        self.lost = 0  # messages that nobody was there for
        self._socket = context.socket(zmq.DEALER)
        self._socket.set(zmq.LINGER, 0)
        self._socket.set(zmq.SNDHWM, MAX_QUEUED)
        self._socket.set(zmq.RCVHWM, 1)  # nobody answers on this socket
        self._socket.set(zmq.IMMEDIATE, 1)
        self._socket.set(zmq.RECONNECT_IVL, _RECONNECT_MS)
        self._socket.set(zmq.RECONNECT_IVL_MAX, _RECONNECT_MAX_MS)
        self._socket.set(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
        self._socket.set(zmq.HEARTBEAT_TIMEOUT, _HEARTBEAT_TIMEOUT_MS)
        self._socket.curve_publickey = keys.public.encode()
        self._socket.curve_secretkey = keys.secret.encode()
        self._socket.curve_serverkey = peer.key.encode()
        self.monitor = self._socket.get_monitor_socket(_CONNECTED | _GONE | _REFUSED)
        self._socket.connect(peer.endpoint)

    def send(self, data: bytes) -> bool:
        """Put a message into the queue; false if it is lost."""
        try:
            self._socket.send(data, zmq.NOBLOCK)
        except zmq.Again:
            self.lost += 1
            return False
        return True

    def read_events(self) -> bool:
        """Learn what happened to the connection; true if it was made anew."""
        was_made = False
        while self.monitor.poll(0):
            event = recv_monitor_message(self.monitor)["event"]
            self.is_connected = event == _CONNECTED
            self.is_refused = self.is_refused or event == _REFUSED
            was_made = was_made or self.is_connected
        return was_made and self.is_connected

    def close(self) -> None:
        self.is_connected = False
        self._socket.disable_monitor()
        self.monitor.close(0)
        self._socket.close(0)
