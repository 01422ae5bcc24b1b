"""Where a chain begins: the rules of its world, state and history before the first block."""

from collections.abc import Sequence

from devnet.chain.block import build_execution
from devnet.chain.forks.fork import parse_fork
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.genesis import build_genesis
from devnet.chain.genesis_file import place_genesis
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.origin import Origin
from devnet.chain.shelf import Shelf
from devnet.chain.state.node_store import NodeStore
from devnet.chain.world import World
from devnet.config import Config
from devnet.consensus.validator_set import compute_set_hash
from devnet.validators.founding import Founding
from precompiles.digest import compute_keccak
from precompiles.interface import Table


def get_first_signed(origin: Origin | None) -> int:
    """Number of the first block that anybody signs."""
    return 1 if origin is None else origin.next_number


def begin_history(first: Header, shelf: Shelf | None) -> History:
    """A chain of the genesis block alone, kept on a shelf if one is given."""
    return History(build_execution(first, (), (), ()), shelf)


def build_world(
    config: Config,
    founding: Founding,
    origin: Origin | None,
    table: Table,
    store: NodeStore | None,
) -> World:
    """States under the chain's forks, with our precompiles from the first signed block on."""
    if origin is None:
        schedule = build_schedule(parse_fork(config.hardfork), config.caps_transaction_gas)
        inference_from = 0
    else:
        schedule, inference_from = origin.genesis.schedule, origin.next_number
    return World(table, config.chain_id, schedule, inference_from, store, founding.predeploys)


def place_beginning(
    world: World,
    config: Config,
    founding: Founding,
    origin: Origin | None,
    funded: Sequence[bytes],
) -> Header:
    """Put the state before the first block into a world; returns the genesis header."""
    if origin is not None:
        return place_genesis(world, origin.genesis)
    mark = compute_set_hash(founding.validators)
    if not founding.agreement.is_exact:  # another rule, another chain
        mark = compute_keccak(mark + founding.agreement.digest)
    return build_genesis(world, config, funded, sorted(world.table), mark)
