"""Lineage: a validator's own chain: its head, hashes by number, and what is read from its states.

Executes nothing but what nobody signs: imported blocks.
"""

from collections import Counter
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
        self._roots: list[bytes] = []  # of the states of its latest blocks, since it began here
        self._uses: Counter[bytes] = Counter()  # how many of these blocks have a root
        kept = None if history is None else world.find_kept(history)
        if history is None or kept is None:
            self.head = begin()
            self.hashes: list[bytes] = [compute_header_hash(self.head)]
            world.keep(self.head, self.hashes[0])
            self._note_root(self.head)
            succession.add(self.head)
            judge.add(self.head)
        else:
            self.head = history.get_block(kept).header
            self.hashes = [history.get_hash(number) for number in range(kept + 1)]
            world.rewind(kept)
            self._note_root(self.head)
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
        self._note_root(block.header)
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
        """Go back to an earlier block; states that only later ones had are gone.

        Raises: StoreError.
        """
        self._world.rewind(header.number)
        self._world.forget(self._drop_roots(self.head.number - header.number))
        self.head = header
        del self.hashes[header.number + 1 :]
        self._succession.restart(history, header.number)
        self._judge.restart(history)

    def _note_root(self, header: Header) -> None:
        self._roots.append(header.state_root)
        self._uses[header.state_root] += 1

    def _drop_roots(self, count: int) -> list[bytes]:
        """Take the latest `count` blocks away. Returns: roots that no block before them has."""
        first = max(len(self._roots) - count, 0)
        later = self._roots[first:]
        del self._roots[first:]
        self._uses.subtract(later)
        gone = [root for root in dict.fromkeys(later) if not self._uses[root]]
        for root in gone:
            del self._uses[root]
        return gone
