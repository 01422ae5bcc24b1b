"""The chain of the execution-apis suite: 54 blocks, mined ones to the last fork."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from devnet.chain.block import Execution, build_execution
from devnet.chain.body import Block
from devnet.chain.chain_file import load_chain
from devnet.chain.forks.seal import accept_seal
from devnet.chain.genesis_file import Genesis, load_genesis, place_genesis
from devnet.chain.history import History
from devnet.chain.importing import import_blocks
from devnet.chain.world import World

SUITE = Path(__file__).resolve().parents[3] / "shared" / "rpc-compat"


class Suite:
    """The suite's chain; blocks before any number are imported once."""

    def __init__(self) -> None:
        self.genesis: Genesis = load_genesis(SUITE / "genesis.json")
        self.blocks = tuple(load_chain(SUITE / "chain.rlp"))
        self.world = World({}, self.genesis.chain_id, self.genesis.schedule)
        self.header = place_genesis(self.world, self.genesis)
        self.history = History(build_execution(self.header, (), (), ()))
        for block in import_blocks(self.world, self.history, self.blocks, accept_seal):
            self.history.append(block)
        self.chain = [self.history.get_block(number) for number in range(len(self.blocks) + 1)]

    def add(self, block: Block, **options: Any) -> Execution:
        """A block after those before its number."""
        options = {"check_seal": accept_seal, "after": block.header.number - 1, **options}
        return next(import_blocks(self.world, self.history, [block], **options))


def change(block: Block, **fields: Any) -> Block:
    """A block with another header."""
    return replace(block, header=replace(block.header, **fields))
