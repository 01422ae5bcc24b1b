"""A node over validators that are processes: what `devnet up --processes` makes and ends."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from devnet.clock import read_clock
from devnet.config import Config, Host
from devnet.errors import ConfigError
from devnet.node import Node
from devnet.processes.children import Children
from devnet.processes.federation import Federation
from devnet.processes.founding import NODE, found

_EVERYWHERE = ("0.0.0.0", "::")


@contextmanager
def open_federated(
    choose: Callable[[Config], Config], folder: Path | None, host: str, isolate: bool
) -> Iterator[Node]:
    """Start the validators and the node that answers for them; all end together.

    Args:
        choose: applies the options that were given to a configuration.
        folder: has a folder for each process; one that is forgotten if not given.
    Raises: ConfigError, StoreError, NoQuorum.
    """
    if host in _EVERYWHERE:
        raise ConfigError(
            f"--processes with --host {host}: give the address under which other hosts reach "
            "this one"
        )
    with TemporaryDirectory(prefix="devnet-", ignore_cleanup_errors=True) as temporary:
        place = Path(temporary) if folder is None else folder
        network = found(place, choose(Config()), host)
        own = place / NODE
        names = tuple(peer.name for peer in network.peers[1:] if (place / peer.name).exists())
        children = Children(tuple(place / name for name in names), isolate)
        try:
            gather = partial(Federation, own, read_clock)
            yield Node(choose(network.config), Host(own, isolate), gather=gather)
        finally:
            children.stop()
