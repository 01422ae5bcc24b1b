"""Lineage: a validator's own chain: its head, hashes by number, and what is read from its states.

Executes nothing but what nobody signs: imported blocks.
"""

from collections.abc import Callable, Iterable, Iterator

from devnet.chain.block import Execution
from devnet.chain.body import Block
from devnet.chain.header import Header, compute_header_hash
from devnet.chain.history import History
from devnet.chain.importing import CheckSeal, import_blocks
from devnet.chain.world import World
from devnet.validators.judge import Judge
from devnet.validators.succession import Succession

_BLOCKHASH_WINDOW = 256  # blocks that BLOCKHASH sees


class Lineage:
    """The blocks that one validator agrees with, up to its head."""

    def __init__(
        self,
        world: World,
        succession: Succession,
        judge: Judge,
        begin: Callable[[], Header],
        history: History | None,
    ) -> None:
        """
        Args:
            begin: makes the state before the first block; called if nothing is on the disk.
            history: the chain so far, if there is one; the lineage goes on where its disk ends.
        Raises: StoreError if the disk and the chain do not fit.
        """
        self._world, self._succession, self._judge = world, succession, judge
        kept = None if history is None else world.find_kept(history)
        if history is None or kept is None:
            self.head = begin()
            self.hashes: list[bytes] = [compute_header_hash(self.head)]
            world.keep(self.head, self.hashes[0])
            succession.add(self.head)
            judge.add(self.head)
        else:
            self.head = history.get_block(kept).header
            self.hashes = [history.get_hash(number) for number in range(kept + 1)]
            world.rewind(kept)
            succession.restart(history, kept)
            judge.restart(history)

    @property
    def ancestors(self) -> list[bytes]:
        """Hashes that BLOCKHASH sees from the next block, latest first."""
        return self.hashes[: -_BLOCKHASH_WINDOW - 1 : -1]

    def keep(self, block: Execution) -> None:
        """Make an executed block the head, and keep its state. Raises: StoreError; then neither."""
        self._world.keep(block.header, block.hash)
        self.head = block.header
        self.hashes.append(block.hash)
        self._succession.add(block.header)
        self._judge.add(block.header)

    def import_blocks(
        self, history: History, blocks: Iterable[Block], check_seal: CheckSeal
    ) -> Iterator[Execution]:
        """Take over blocks that nobody signs, each after executing it.

        Args:
            history: the chain; it may have these blocks already.
        Raises: BadBlock; StoreError.
        """
        for block in import_blocks(self._world, history, blocks, check_seal, self.head.number):
            self.keep(block)
            yield block

    def rewind(self, header: Header, history: History) -> None:
        """Go back to an earlier block. Raises: StoreError."""
        self._world.rewind(header.number)
        self.head = header
        del self.hashes[header.number + 1 :]
        self._succession.restart(history, header.number)
        self._judge.restart(history)
