"""Difficulty of proof-of-work headers, with the ice age of each fork.

Source: Yellow Paper 4.3.4; EIP-2, 100, 649, 1234, 2384, 3554, 4345, 5133. Where the minimum meets
the ice age, the order of operations is geth's.
"""

from devnet.chain.forks.fork import Fork
from devnet.chain.header import EMPTY_UNCLES_HASH, Header

MIN_DIFFICULTY = 131_072
_BOUND_DIVISOR = 2_048
_BOMB_PERIOD = 100_000  # blocks
_FRONTIER_CUTOFF_S = 13
_DELAYS = (  # first fork, blocks by which the ice age stands back
    (Fork.GRAY_GLACIER, 11_400_000),
    (Fork.ARROW_GLACIER, 10_700_000),
    (Fork.LONDON, 9_700_000),
    (Fork.MUIR_GLACIER, 9_000_000),
    (Fork.CONSTANTINOPLE, 5_000_000),
    (Fork.BYZANTIUM, 3_000_000),
    (Fork.FRONTIER, 0),
)


def compute_difficulty(parent: Header, timestamp: int, fork: Fork) -> int:
    """Difficulty of the child of `parent` that is mined at `timestamp` under `fork`."""
    step = parent.difficulty // _BOUND_DIVISOR
    elapsed = timestamp - parent.timestamp
    if fork < Fork.HOMESTEAD:
        sign = 1 if elapsed < _FRONTIER_CUTOFF_S else -1
    elif fork < Fork.BYZANTIUM:
        sign = max(1 - elapsed // 10, -99)
    else:
        uncles = 1 if parent.uncles_hash == EMPTY_UNCLES_HASH else 2
        sign = max(uncles - elapsed // 9, -99)
    difficulty = max(parent.difficulty + sign * step, MIN_DIFFICULTY)
    delay = next(blocks for first, blocks in _DELAYS if fork >= first)
    period = max(parent.number + 1 - delay, 0) // _BOMB_PERIOD
    return difficulty + (1 << period - 2) if period > 1 else difficulty
