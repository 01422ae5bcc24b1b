"""Base fee of the next block (EIP-1559)."""

from devnet.chain.header import LONDON_LENGTH, Header

INITIAL_BASE_FEE = 10**9  # wei, in the first block of London
ELASTICITY = 2
MAX_CHANGE_DENOMINATOR = 8


def compute_base_fee(parent: Header) -> int:
    """Wei per gas of the child of `parent`, which follows London or later."""
    if parent.length < LONDON_LENGTH:
        return INITIAL_BASE_FEE
    target = parent.gas_limit // ELASTICITY
    base = parent.base_fee_per_gas
    if parent.gas_used == target:
        return base
    if parent.gas_used > target:
        rise = base * (parent.gas_used - target) // target // MAX_CHANGE_DENOMINATOR
        return base + max(rise, 1)
    return base - base * (target - parent.gas_used) // target // MAX_CHANGE_DENOMINATOR
