"""Imports blocks made elsewhere into a data directory, where validators go on with them.

The first validator's state is made here; the others execute the blocks at their first start.
"""

from collections.abc import Iterable, Iterator

from devnet.chain.block import Execution, build_execution
from devnet.chain.body import Block, extract_block
from devnet.chain.forks.seal import accept_seal
from devnet.chain.genesis_file import place_genesis
from devnet.chain.history import History
from devnet.chain.importing import CheckSeal, import_blocks
from devnet.chain.state.node_store import NodeStore
from devnet.chain.world import World
from devnet.data_directory import DataDirectory
from devnet.errors import ConfigError

_BATCH = 100  # blocks that are written to disk together
_FOUNDER = "v0"


class Importer:
    """A data directory and the chain in it. Everything raises StoreError."""

    def __init__(self, directory: DataDirectory) -> None:
        """Raises: ConfigError if there is no genesis to begin with."""
        if directory.genesis is None:
            begun = directory.history is not None
            raise ConfigError(
                f"{directory.folder} holds a chain of its own; import into another data directory"
                if begun
                else f"{directory.folder} has no genesis yet; name its file with --genesis"
            )
        self._directory = directory
        store = NodeStore(directory.folder / _FOUNDER)
        self._world = World({}, directory.genesis.chain_id, directory.genesis.schedule, 0, store)
        if directory.history is None:
            header = place_genesis(self._world, directory.genesis)
            genesis = build_execution(header, (), (), ())
            self._world.keep(header, genesis.hash)
            directory.history = History(genesis, directory.shelf)
            directory.commit()
        self.history = directory.history
        if directory.network is None:
            self._catch_up(directory)

    def run(self, blocks: Iterable[Block], check_seal: CheckSeal) -> Iterator[Execution]:
        """Add blocks on top; known ones are passed over.

        Yields: each new block. What came before an error stays.
        Raises: BadBlock at the first block that breaks a rule; ConfigError where proof of work
            cannot be checked, or where validators have gone on already.
        """
        chosen = blocks if self._directory.network is None else self._refuse_new(blocks)
        try:
            for block in import_blocks(self._world, self.history, chosen, check_seal):
                self.history.append(block)
                self._world.keep(block.header, block.hash)
                if block.header.number % _BATCH == 0:
                    self._directory.commit()
                yield block
        finally:
            self._directory.commit()

    def close(self) -> None:
        """Let others have the state; the directory stays open."""
        self._world.close()

    def _refuse_new(self, blocks: Iterable[Block]) -> Iterator[Block]:
        head = self.history.head.header.number
        for block in blocks:
            if block.header.number > head:
                raise ConfigError(
                    f"block {block.header.number} cannot be imported: validators have gone on with "
                    f"this chain, to block {head}; import into another data directory"
                )
            yield block

    def _catch_up(self, directory: DataDirectory) -> None:
        assert directory.genesis is not None, "checked before"
        kept = self._world.find_kept(self.history)
        if kept is None:
            header = place_genesis(self._world, directory.genesis)
            self._world.keep(header, self.history.get_hash(0))
            kept = 0
        numbers = range(kept + 1, self.history.head.header.number + 1)
        missing = (extract_block(self.history.get_block(number)) for number in numbers)
        for block in import_blocks(self._world, self.history, missing, accept_seal, kept):
            self._world.keep(block.header, block.hash)
