"""What a node starts from: options that were given, and a data directory that may know better."""

from dataclasses import dataclass, replace

from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.config import Config
from devnet.data_directory import DataDirectory
from devnet.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Footing:
    """Configuration; where the chain begins, if not by that; the chain so far, if there is one."""

    config: Config
    origin: Origin | None
    history: History | None


def find_footing(
    config: Config | None, origin: Origin | None, directory: DataDirectory | None
) -> Footing:
    """Bring them together; the directory remembers what was chosen.

    Raises: ConfigError where the directory holds another chain.
    """
    if directory is None:
        return Footing(_adopt(config or Config(), origin), origin, None)
    history, network = directory.history, directory.network
    if origin is not None:
        if origin.blocks and history is not None:
            raise ConfigError(
                f"{directory.folder} has a chain already; add blocks with 'devnet import'"
            )
        directory.choose_genesis(origin.genesis)
    if directory.genesis is not None:
        stored = 0 if history is None else history.head.header.number
        if network is not None:
            stored = network.first_signed - 1
        given = origin or Origin(directory.genesis)
        origin = replace(given, stored=stored)
    config = _adopt(config or (network.config if network else Config()), origin)
    directory.choose_config(config, 1 if origin is None else origin.next_number)
    return Footing(config, origin, history)


def _adopt(config: Config, origin: Origin | None) -> Config:
    return config if origin is None else replace(config, chain_id=origin.genesis.chain_id)
