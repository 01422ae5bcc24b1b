"""A second opinion: the Ethereum specification (EELS) replays our blocks and comes to the same.

State root, gas and receipts root of every block, computed by its own code in its own environment:
`scripts/install_eels` makes it. What only this chain has (inference) is left out.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from devnet.chain.chain_file import load_chain
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.genesis_file import load_genesis, place_genesis
from devnet.chain.world import World
from tests.conformance.dice import Dice
from tests.conformance.eels.conftest import ROOT, assert_agreed
from tests.conformance.random_chain import RandomChain
from tests.conformance.random_code import CONTRACTS

if TYPE_CHECKING:
    from tests.conformance.eels.conftest import Replay

pytestmark = pytest.mark.slow
SUITE = ROOT.parent / "shared" / "rpc-compat"
SPECIFIED = [fork for fork in Fork if fork is not Fork.CONSTANTINOPLE]  # never lived on mainnet


def test_suites_chain_is_the_specifications(replay: Replay) -> None:
    """All 54 blocks, Homestead to BPO2, with uncles, the merge, blobs and requests."""
    if not SUITE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SUITE} is missing")
        pytest.skip(f"{SUITE} is missing")
    genesis = load_genesis(SUITE / "genesis.json")
    header = place_genesis(World({}, genesis.chain_id, genesis.schedule), genesis)
    blocks = list(load_chain(SUITE / "chain.rlp"))
    found = replay(genesis, header, blocks)
    assert [each["error"] for each in found] == [""] * 54
    assert [each["stateRoot"] for each in found] == [b.header.state_root.hex() for b in blocks]
    assert [each["gasUsed"] for each in found] == [b.header.gas_used for b in blocks]
    wanted = [b.header.receipts_root.hex() for b in blocks]
    assert [each["receiptsRoot"] for each in found] == wanted


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("fork", SPECIFIED, ids=[fork.name.lower() for fork in SPECIFIED])
def test_random_chains_are_the_specifications(replay: Replay, fork: Fork, seed: int) -> None:
    """Random contracts under every fork: each instruction, precompile, transaction type."""
    dice = Dice(seed, fork)
    codes = {address: dice.program(dice.random.randrange(3, 25)) for address in CONTRACTS}
    chain = RandomChain(dice, build_schedule(fork), codes)
    for _ in range(6):
        chain.add_random()
    assert sum(len(block.transactions) for block in chain.blocks) > 12
    assert_agreed(chain, replay)


def test_forks_by_time_follow_each_other_as_specified(replay: Replay) -> None:
    """Prague to BPO2 in the middle of a chain whose blocks are full of blobs."""
    base = build_schedule(Fork.PRAGUE)
    starts = {fork: 60 * (n + 1) for n, fork in enumerate((Fork.OSAKA, Fork.BPO1, Fork.BPO2))}
    times = (*base.times, *((first, fork) for fork, first in starts.items()))
    schedule = replace(base, times=times)
    dice = Dice(0, Fork.PRAGUE)
    chain = RandomChain(dice, schedule, {CONTRACTS[0]: dice.program(20)})
    for n in range(24):
        nonces = chain.get_nonces()
        counts = (6, 3) if n % 3 else (1,)
        target = (200_000, CONTRACTS[0], 0, b"")
        chain.add(*(dice.sign_blobs(i, nonces[i], *target, n) for i, n in enumerate(counts)))
    forks = {schedule.find_fork(block.header) for block in chain.blocks}
    assert forks == {Fork.PRAGUE, *starts}
    assert max(block.header.excess_blob_gas for block in chain.blocks) > 10**6
    assert_agreed(chain, replay)
