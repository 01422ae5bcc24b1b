"""A chain made elsewhere, for validators to go on with: its genesis and the blocks since.

Each world executes them itself; they know no inference (decision 0021).
"""

from dataclasses import dataclass

from devnet.chain.body import Block
from devnet.chain.forks.seal import check_seal
from devnet.chain.genesis_file import Genesis
from devnet.chain.importing import CheckSeal
from devnet.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Origin:
    """What is there before the first block of our own."""

    genesis: Genesis
    blocks: tuple[Block, ...] = ()
    check_seal: CheckSeal = check_seal  # of mined headers; `accept_seal` believes all
    stored: int = 0  # blocks before those, which a data directory has already

    def __post_init__(self) -> None:
        number = self.genesis.header.number
        if number:
            raise ConfigError(f"genesis: number is {number}; a chain here begins with block 0")

    @property
    def next_number(self) -> int:
        """Number of the first block of our own, which brings inference."""
        return self.stored + len(self.blocks) + 1
