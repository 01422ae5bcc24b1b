"""The network file: the chain's configuration, and how to reach everybody.

Public: keys on the wire stand in it, secrets do not.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cattrs import Converter
from cattrs.errors import BaseValidationError, ForbiddenExtraKeysError

from devnet.config import Config
from devnet.errors import ConfigError
from devnet.network.sockets.identity import Peer, check_peer

FILE = "network.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Network:
    """What all processes of one network know."""

    config: Config
    peers: tuple[Peer, ...]  # all processes; the first is the node that answers clients

    @property
    def node(self) -> Peer:
        """Who forwards what clients send, and introduces whoever joins."""
        return self.peers[0]

    def find(self, key: str) -> Peer:
        """The process with a key on the wire. Raises: ConfigError."""
        for peer in self.peers:
            if peer.key == key:
                return peer
        raise ConfigError(f"the network file does not name key {key}; join with --join HOST:PORT")

    def add(self, peer: Peer) -> "Network":
        """With one more process, or with another endpoint of one."""
        others = tuple(known for known in self.peers if known.key != peer.key)
        return Network(self.config, (*others, peer))


def show_network(network: Network) -> dict[str, Any]:
    """The network as JSON."""
    shown = asdict(network)
    for entry in shown["peers"]:
        entry["address"] = "0x" + entry["address"].hex()
    return {"format": _FORMAT, **shown}


def parse_network(document: Any) -> Network:
    """The network of such JSON. Raises: ConfigError saying what does not fit."""
    try:
        fields = dict(document)
        found = fields.pop("format")
        if found != _FORMAT:
            raise ConfigError(f"a network file of format {found}, this version reads {_FORMAT}")
        network = _build_converter().structure(fields, Network)
    except (
        BaseValidationError,
        ForbiddenExtraKeysError,
        KeyError,
        TypeError,
        ValueError,
    ) as broken:
        raise ConfigError(f"not a network file: {type(broken).__name__}: {broken}") from broken
    if not network.peers:
        raise ConfigError("a network file without peers")
    for peer in network.peers:
        check_peer(peer)
    return network


def load_network(folder: Path) -> Network:
    """Raises: ConfigError if the folder has no sound network file."""
    path = folder / FILE
    try:
        return parse_network(json.loads(path.read_text()))
    except FileNotFoundError:
        raise ConfigError(
            f"{folder} has no {FILE}; join a network with --join HOST:PORT, or start one with "
            "'devnet up --processes'"
        ) from None
    except (OSError, ValueError) as broken:
        raise ConfigError(f"{path} does not read: {broken}") from broken


def save_network(folder: Path, network: Network) -> None:
    """Write beside and rename, so that the file is whole at any moment."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (FILE + ".partial")
    partial.write_text(json.dumps(show_network(network), indent=2) + "\n")
    partial.replace(folder / FILE)


def _build_converter() -> Converter:
    converter = Converter(detailed_validation=False, forbid_extra_keys=True)
    converter.register_structure_hook(bytes, lambda text, _: bytes.fromhex(text[2:]))
    return converter
