"""The optimistic contract's terms in the genesis block; slot 0 of `contracts/src/Committee.sol`."""

from devnet.config import Optimistic
from devnet.consensus.staking import pack
from precompiles.operators import DISPUTES

OPTIMISTIC = DISPUTES  # address, the same as in `IOptimisticInference.sol`
_TERMS = 0  # slot


def build_terms(terms: Optimistic) -> dict[int, int]:
    """Words by slot."""
    word = pack(
        (terms.bond_wei, 128),
        (terms.sample_basis_points, 16),
        (terms.committee, 16),
        (terms.window_blocks, 32),
        (terms.move_blocks, 32),
    )
    return {_TERMS: word}
