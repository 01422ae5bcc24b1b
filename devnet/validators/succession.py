"""Validator sets by height, as one validator reads them from its own states."""

from functools import partial

from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.world import World
from devnet.consensus.set_change import DELAY
from devnet.consensus.staking import STAKING, read_validators
from devnet.consensus.validator_set import ValidatorSet


class Succession:
    """The sets around the head: of the last block, of the next one and of the one after it."""

    def __init__(self, world: World, founders: ValidatorSet, first_signed: int) -> None:
        """
        Args:
            founders: who signs until the contract says otherwise.
            first_signed: number of the first block that anybody signs.
        """
        self._world = world
        self._founders = self._latest = founders
        self.first_signed = first_signed
        self._first_fixed = first_signed + DELAY  # height of the first set that may differ
        self._sets: dict[int, ValidatorSet] = {}

    def get(self, height: int) -> ValidatorSet:
        """Who signs a height, from the last block's to two above the head."""
        return self._founders if height < self._first_fixed else self._sets[height]

    def find(self, height: int) -> ValidatorSet | None:
        """As `get`; nothing for a height that is further away."""
        return self._founders if height < self._first_fixed else self._sets.get(height)

    def add(self, header: Header) -> None:
        """Read what the state after an accepted block says."""
        height = header.number + DELAY
        self._latest = self._sets[height] = read_set(self._world, header, self._latest)
        self._sets.pop(height - 1 - DELAY, None)

    def restart(self, history: History, number: int) -> None:
        """Read it again for another head."""
        self._sets.clear()
        for known in range(max(0, number - DELAY), number + 1):
            self.add(history.get_block(known).header)


def read_set(world: World, header: Header, known: ValidatorSet) -> ValidatorSet:
    """The set that a block's state makes sign two blocks later.

    Args:
        known: what is returned if the state has its hash, or no staking contract.
    """
    state = world.open(header.state_root, header)
    return read_validators(partial(state.get_storage, STAKING), known)
