"""Keys on the wire follow from the validator's key; peers that cannot be reached are refused."""

import pytest
import zmq

from devnet.errors import ConfigError
from devnet.network.sockets.identity import Peer, check_peer, derive_keys

KEYS = derive_keys(bytes(32))


def test_one_key_has_one_pair_on_the_wire() -> None:
    """The public half belongs to the secret one, and other keys have other pairs."""
    assert derive_keys(bytes(32)) == KEYS
    assert derive_keys(bytes(31) + b"\1").public != KEYS.public
    assert zmq.curve_public(KEYS.secret.encode()).decode() == KEYS.public


def test_a_printed_pair_shows_no_secret() -> None:
    """Logs and tracebacks may hold it."""
    assert KEYS.secret not in repr(KEYS)


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:1", "tcp://host.example:65535"])
def test_a_peer_with_key_and_endpoint_is_taken(endpoint: str) -> None:
    """Names are resolved when the connection is made."""
    peer = Peer("v0", bytes(20), KEYS.public, endpoint)
    assert check_peer(peer) == peer


@pytest.mark.parametrize(
    ("key", "endpoint", "said"),
    [
        ("", "tcp://127.0.0.1:1", "no public key"),
        ("ä" * 40, "tcp://127.0.0.1:1", "no public key"),
        ("~" * 40, "tcp://127.0.0.1:1", "no public key"),
        (KEYS.public[:-1], "tcp://127.0.0.1:1", "no public key"),
        (KEYS.public, "ipc:///tmp/x:1", "no tcp://HOST:PORT"),
        (KEYS.public, "tcp://:1", "no tcp://HOST:PORT"),
        (KEYS.public, "tcp://127.0.0.1", "no tcp://HOST:PORT"),
        (KEYS.public, "tcp://127.0.0.1:0", "no port from 1 to 65535"),
        (KEYS.public, "tcp://127.0.0.1:65536", "no port from 1 to 65535"),
        (KEYS.public, "tcp://127.0.0.1:x", "no port from 1 to 65535"),
    ],
)
def test_a_peer_that_cannot_be_reached_is_refused(key: str, endpoint: str, said: str) -> None:
    """The message names the peer."""
    with pytest.raises(ConfigError, match=f"peer v0: .*{said}"):
        check_peer(Peer("v0", bytes(20), key, endpoint))
