"""A node over validators that are processes: what `devnet up --processes` makes and ends."""

from collections.abc import Callable, Iterator, Mapping
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
from devnet.processes.process import check_behavior
from devnet.validators.client import check_installed
from devnet.validators.misbehaviour import Behavior

_EVERYWHERE = ("0.0.0.0", "::")


@contextmanager
def open_federated(
    choose: Callable[[Config], Config],
    folder: Path | None,
    host: str,
    isolate: bool,
    behaviors: Mapping[str, Behavior],
) -> Iterator[Node]:
    """Start the validators and the node that answers for them; all end together.

    Args:
        choose: applies the options that were given to a configuration.
        folder: has a folder for each process; one that is forgotten if not given.
        behaviors: by name, for as long as these processes live.
    Raises: ConfigError, StoreError, NoQuorum.
    """
    if host in _EVERYWHERE:
        raise ConfigError(
            f"--processes with --host {host}: give the address under which other hosts reach "
            "this one"
        )
    for behavior in behaviors.values():
        check_behavior(behavior)
        check_installed(behavior.engine)  # a child could tell its log file only
    config = choose(Config())
    if config.is_optimistic:
        raise ConfigError(
            "--processes with --rule optimistic: executors and committees act in one process; "
            "leave one of them out"
        )
    with TemporaryDirectory(prefix="devnet-", ignore_cleanup_errors=True) as temporary:
        place = Path(temporary) if folder is None else folder
        network = found(place, config, host)
        own = place / NODE
        names = tuple(peer.name for peer in network.peers[1:] if (place / peer.name).exists())
        for name in behaviors:
            if name not in names:
                raise ConfigError(f"no validator '{name}'; there are {', '.join(names)}")
        texts = {name: str(behavior) for name, behavior in behaviors.items()}
        children = Children(tuple(place / name for name in names), isolate, texts)
        try:
            gather = partial(Federation, own, read_clock)
            yield Node(choose(network.config), Host(own, isolate), gather=gather)
        finally:
            children.stop()
