"""Where `devnet audit` reads a chain from: a running node, or a directory that nobody uses."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devnet.audits import build_home_chain, build_local_chain
from devnet.config import Host
from devnet.data_directory import DataDirectory
from devnet.database import CHAIN_FILE
from devnet.errors import ConfigError
from devnet.network.sockets.identity import derive_keys
from devnet.node import Node
from devnet.processes.founding import NODE
from devnet.processes.home import Home
from devnet.processes.key_file import load_key
from devnet.processes.network_file import FILE, load_network
from devnet.rpc.client import Client
from devnet.rpc.remote_chain import RemoteChain
from devnet.verification.audit.record import Source


@contextmanager
def open_chain(url: str, folder: Path | None, trusted_set: bytes | None) -> Iterator[Source]:
    """The chain of a data directory if one is given, else of the node at a URL.

    Args:
        trusted_set: hash of a validator set that the node's blocks have to follow from.
    Raises: ConfigError, StoreError; RemoteError.
    """
    if folder is None:
        yield RemoteChain(Client(url), trusted_set)
        return
    if trusted_set is not None:
        raise ConfigError("--trust is for a node; the sets in a data directory are its own")
    own = folder / NODE if (folder / NODE / FILE).exists() else folder
    if not (own / CHAIN_FILE).exists():
        raise ConfigError(f"{folder} holds no chain; give what 'devnet up --data-dir' was given")
    if (own / FILE).exists():
        yield from _open_home(own)
        return
    node = Node(None, Host(folder), None, DataDirectory(folder))
    try:
        yield build_local_chain(node)
    finally:
        node.close()


def _open_home(folder: Path) -> Iterator[Source]:
    """A folder of a process: a validator's, or the node's that follows them."""
    network = load_network(folder)
    key = load_key(folder)
    name = network.find(derive_keys(key).public).name
    index = network.config.validators if name == NODE else int(name.removeprefix("v"))
    home = Home(folder, network, index, key, isolate=False)
    try:
        yield build_home_chain(home)
    finally:
        home.close()
