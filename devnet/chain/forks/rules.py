"""Rules of one fork on one chain: everything that execution and validity ask of a fork.

Source: the fork's meta EIP; single numbers name their own.
"""

from dataclasses import dataclass

from devnet.chain.forks.blob import (
    MAX_BLOBS_PER_TRANSACTION,
    NO_BLOBS,
    BlobParameters,
)
from devnet.chain.forks.fork import Fork
from devnet.chain.header import (
    CANCUN_LENGTH,
    FRONTIER_LENGTH,
    LONDON_LENGTH,
    PRAGUE_LENGTH,
    SHANGHAI_LENGTH,
)

MAX_TRANSACTION_GAS = 1 << 24  # EIP-7825
MAX_BLOCK_BYTES = (10 << 20) - (2 << 20)  # EIP-7934: the network's limit less a margin
MAX_INITCODE_BYTES = 49_152  # EIP-3860
DEPOSIT_CONTRACT = bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa")  # of mainnet
UNLIMITED = (1 << 64) - 1
_LENGTHS = (
    (Fork.PRAGUE, PRAGUE_LENGTH),
    (Fork.CANCUN, CANCUN_LENGTH),
    (Fork.SHANGHAI, SHANGHAI_LENGTH),
    (Fork.LONDON, LONDON_LENGTH),
    (Fork.FRONTIER, FRONTIER_LENGTH),
)
_TYPES = ((Fork.BERLIN, 1), (Fork.LONDON, 2), (Fork.CANCUN, 3), (Fork.PRAGUE, 4))
_ERAS = (Fork.ISTANBUL, Fork.SPURIOUS_DRAGON, Fork.HOMESTEAD, Fork.FRONTIER)


def get_transaction_types(fork: Fork) -> tuple[int, ...]:
    """EIP-2718 types that a block may hold."""
    return (0, *(kind for first, kind in _TYPES if fork >= first))


def get_transaction_era(fork: Fork) -> Fork:
    """The first fork under which transactions read and cost the same as under this one."""
    return next(first for first in _ERAS if fork >= first)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a block of this fork must follow; sizes in bytes, gas in units."""

    fork: Fork
    blob: BlobParameters = NO_BLOBS
    deposit_contract: bytes = DEPOSIT_CONTRACT
    caps_transaction_gas: bool = True  # off for chains without EIP-7825

    @property
    def header_length(self) -> int:
        return next(length for first, length in _LENGTHS if self.fork >= first)

    @property
    def max_transaction_gas(self) -> int:
        capped = self.caps_transaction_gas and self.fork >= Fork.OSAKA
        return MAX_TRANSACTION_GAS if capped else UNLIMITED

    @property
    def max_block_bytes(self) -> int:
        return MAX_BLOCK_BYTES if self.fork >= Fork.OSAKA else UNLIMITED

    @property
    def max_initcode_bytes(self) -> int:
        return MAX_INITCODE_BYTES if self.fork >= Fork.SHANGHAI else UNLIMITED

    @property
    def max_transaction_blobs(self) -> int:
        return MAX_BLOBS_PER_TRANSACTION if self.fork >= Fork.OSAKA else self.blob.maximum

    @property
    def refund_quotient(self) -> int:
        """At most gas spent over this comes back, EIP-3529."""
        return 5 if self.fork >= Fork.LONDON else 2

    @property
    def is_proof_of_stake(self) -> bool:
        return self.fork >= Fork.PARIS
