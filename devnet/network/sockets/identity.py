"""Who a process is on the wire: CURVE keys, and what others must know to reach it.

The key pair on the wire follows from the validator's own key, so one secret is kept, not two.
Source: RFC 26 of ZeroMQ (CurveZMQ), RFC 32 (Z85).
"""

from dataclasses import dataclass

import zmq
from zmq.utils import z85

from devnet.errors import ConfigError
from precompiles.digest import compute_keccak

_DOMAIN = b"devnet.curve.v1"
_KEY_CHARACTERS = 40  # of a Curve25519 key in Z85


@dataclass(frozen=True, slots=True)
class WireKeys:
    """A Curve25519 key pair, both in Z85."""

    public: str
    secret: str

    def __repr__(self) -> str:
        return f"WireKeys({self.public!r})"


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody who may connect, and where to reach it."""

    name: str
    address: bytes  # of the validator's key, 20 bytes
    key: str  # public, in Z85
    endpoint: str  # as in tcp://127.0.0.1:26656


def derive_keys(key: bytes) -> WireKeys:
    """The pair that belongs to a validator's 32-byte key."""
    secret = z85.encode(compute_keccak(_DOMAIN + key))
    return WireKeys(zmq.curve_public(secret).decode(), secret.decode())


def check_peer(peer: Peer) -> Peer:
    """The peer, if one can connect to it. Raises: ConfigError naming what is wrong."""
    try:
        is_key = len(peer.key) == _KEY_CHARACTERS and len(z85.decode(peer.key)) == 32
    except (ValueError, KeyError, ArithmeticError, UnicodeEncodeError):
        is_key = False
    if not is_key:
        raise ConfigError(f"peer {peer.name}: {peer.key!r} is no public key of 40 Z85 characters")
    host, _, port = peer.endpoint.removeprefix("tcp://").rpartition(":")
    if not peer.endpoint.startswith("tcp://") or not host or not port.isascii():
        raise ConfigError(f"peer {peer.name}: {peer.endpoint!r} is no tcp://HOST:PORT")
    if not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise ConfigError(f"peer {peer.name}: {peer.endpoint!r} has no port from 1 to 65535")
    return peer
