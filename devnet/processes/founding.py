"""Founding: folders for the processes of a new network, with keys, addresses and free ports."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from devnet.config import Config
from devnet.consensus.signature import compute_address
from devnet.network.sockets.identity import Peer, derive_keys
from devnet.processes.key_file import save_key
from devnet.processes.network_file import FILE, Network, load_network, save_network
from devnet.streams import draw
from devnet.validators.founding import build_founding

NODE = "node"


def found(folder: Path, config: Config, host: str = "127.0.0.1") -> Network:
    """Make what `devnet up --processes` starts from; once made it stays as it is.

    Args:
        folder: gets a folder for the node, `node`, and for each validator, `v0` and so on.
        host: where processes are to be reached.
    Raises: ConfigError if the network file that is there does not read.
    """
    if (folder / NODE / FILE).exists():
        return load_network(folder / NODE)
    names = (NODE, *(f"v{index}" for index in range(config.validators)))
    keys = (draw(config.seed, NODE), *build_founding(config).keys)
    endpoints = [f"tcp://{host}:{port}" for port in _find_ports(len(names))]
    network = Network(
        config,
        tuple(
            Peer(name, compute_address(key), derive_keys(key).public, endpoint)
            for name, key, endpoint in zip(names, keys, endpoints, strict=True)
        ),
    )
    for name, key in reversed(tuple(zip(names, keys, strict=True))):
        save_key(folder / name, key)
        save_network(folder / name, network)
    return network


def _find_ports(count: int) -> Iterator[int]:
    """Ports that nobody listens on now, all different."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        ports = [listener.getsockname()[1] for listener in sockets]
    yield from ports
