"""Block and uncle rewards of proof of work. Source: Yellow Paper 11.3; EIP-649, 1234."""

from collections.abc import Iterator, Sequence

from devnet.chain.forks.fork import Fork
from devnet.chain.header import Header

_ETHER = 10**18


def get_block_reward(fork: Fork) -> int:
    """Wei for a block without uncles."""
    if fork >= Fork.PARIS:
        return 0
    if fork >= Fork.CONSTANTINOPLE:
        return 2 * _ETHER
    return 3 * _ETHER if fork >= Fork.BYZANTIUM else 5 * _ETHER


def compute_rewards(
    header: Header, uncles: Sequence[Header], fork: Fork
) -> Iterator[tuple[bytes, int]]:
    """Who gets how many wei for a block, in the order of payment."""
    reward = get_block_reward(fork)
    if not reward:
        return
    for uncle in uncles:
        yield uncle.coinbase, (8 + uncle.number - header.number) * reward // 8
    yield header.coinbase, reward + len(uncles) * (reward // 32)
