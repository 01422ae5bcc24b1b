"""Difficulty of mined headers: py-evm's, mainnet's and the ice ages of each fork."""

from __future__ import annotations

from dataclasses import replace

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
import rlp
from eth.rlp.headers import BlockHeader
from eth.vm.forks.arrow_glacier.headers import compute_arrow_glacier_difficulty
from eth.vm.forks.byzantium import ByzantiumVM
from eth.vm.forks.constantinople import ConstantinopleVM
from eth.vm.forks.frontier import FrontierVM
from eth.vm.forks.gray_glacier.headers import compute_gray_glacier_difficulty
from eth.vm.forks.homestead import HomesteadVM
from eth.vm.forks.london.headers import compute_london_difficulty
from eth.vm.forks.muir_glacier import MuirGlacierVM
from hypothesis import given, settings
from hypothesis import strategies as st

from devnet.chain.forks.difficulty import MIN_DIFFICULTY, compute_difficulty
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.reward import compute_rewards
from devnet.chain.header import EMPTY_UNCLES_HASH, FRONTIER_LENGTH, Header, encode_header

UPSTREAM = {
    Fork.FRONTIER: FrontierVM.compute_difficulty,
    Fork.HOMESTEAD: HomesteadVM.compute_difficulty,
    Fork.TANGERINE_WHISTLE: HomesteadVM.compute_difficulty,
    Fork.BYZANTIUM: ByzantiumVM.compute_difficulty,
    Fork.CONSTANTINOPLE: ConstantinopleVM.compute_difficulty,
    Fork.ISTANBUL: ConstantinopleVM.compute_difficulty,
    Fork.MUIR_GLACIER: MuirGlacierVM.compute_difficulty,
    Fork.BERLIN: MuirGlacierVM.compute_difficulty,
    Fork.LONDON: compute_london_difficulty,
    Fork.ARROW_GLACIER: compute_arrow_glacier_difficulty,
    Fork.GRAY_GLACIER: compute_gray_glacier_difficulty,
}
ETHER = 10**18


def build_parent(difficulty: int, number: int, has_uncles: bool = False) -> Header:
    """A header of which only these fields matter."""
    return Header(
        parent_hash=bytes(32),
        uncles_hash=b"\x01" * 32 if has_uncles else EMPTY_UNCLES_HASH,
        coinbase=bytes(20),
        state_root=bytes(32),
        difficulty=difficulty,
        number=number,
        gas_limit=5_000,
        timestamp=1_000,
        mix_hash=bytes(32),
        length=FRONTIER_LENGTH,
    )


@pytest.mark.parametrize("fork", UPSTREAM)
@given(
    difficulty=st.integers(MIN_DIFFICULTY, 2**64),
    number=st.integers(0, 15_000_000),
    elapsed=st.integers(1, 2_000),
    has_uncles=st.booleans(),
)
@settings(max_examples=40)
def test_difficulty_is_py_evms(
    fork: Fork, difficulty: int, number: int, elapsed: int, has_uncles: bool
) -> None:
    """For any parent and any time between blocks."""
    parent = build_parent(difficulty, number, has_uncles)
    upstream = rlp.decode(encode_header(parent), BlockHeader)
    wanted = UPSTREAM[fork](upstream, parent.timestamp + elapsed)
    assert compute_difficulty(parent, parent.timestamp + elapsed, fork) == wanted


def test_first_block_of_mainnet_has_the_difficulty_that_follows() -> None:
    """Mined years after the genesis' timestamp of zero."""
    genesis = replace(build_parent(17_179_869_184, 0), timestamp=0)
    assert compute_difficulty(genesis, 1_438_269_988, Fork.FRONTIER) == 17_171_480_576


def test_difficulty_never_falls_below_the_minimum() -> None:
    """However long a block takes."""
    parent = build_parent(MIN_DIFFICULTY, 1)
    for fork in UPSTREAM:
        assert compute_difficulty(parent, 10**9, fork) == MIN_DIFFICULTY


def test_ice_age_begins_later_with_each_delay() -> None:
    """Blocks before the delay and two periods have none; then it doubles every 100,000 blocks."""
    for fork, delay in (
        (Fork.FRONTIER, 0),
        (Fork.LONDON, 9_700_000),
        (Fork.GRAY_GLACIER, 11_400_000),
    ):
        quiet = compute_difficulty(build_parent(10**9, delay + 199_998), 1_009, fork)
        first = compute_difficulty(build_parent(10**9, delay + 199_999), 1_009, fork)
        later = compute_difficulty(build_parent(10**9, delay + 1_199_999), 1_009, fork)
        assert (first - quiet, later - quiet) == (1, 1 << 10)


@pytest.mark.parametrize(
    ("fork", "reward"),
    [
        (Fork.FRONTIER, 5 * ETHER),
        (Fork.SPURIOUS_DRAGON, 5 * ETHER),
        (Fork.BYZANTIUM, 3 * ETHER),
        (Fork.CONSTANTINOPLE, 2 * ETHER),
        (Fork.GRAY_GLACIER, 2 * ETHER),
    ],
)
def test_rewards_are_those_of_the_fork(fork: Fork, reward: int) -> None:
    """A block earns a thirty-second more for each uncle, an uncle an eighth less a generation."""
    header = replace(build_parent(1, 100), coinbase=b"\x0c" * 20)
    uncles = [replace(build_parent(1, 99), coinbase=b"\x01" * 20), build_parent(1, 94)]
    assert list(compute_rewards(header, [], fork)) == [(header.coinbase, reward)]
    assert list(compute_rewards(header, uncles, fork)) == [
        (b"\x01" * 20, reward * 7 // 8),
        (bytes(20), reward * 2 // 8),
        (header.coinbase, reward + 2 * (reward // 32)),
    ]
    assert list(compute_rewards(header, uncles, Fork.PARIS)) == []
