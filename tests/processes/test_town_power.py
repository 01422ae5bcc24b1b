"""Power between processes: who says two things loses it, who joins and deposits gets it."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from devnet.consensus.staking import STAKING
from precompiles.digest import compute_keccak
from tests.processes.conftest import Town

pytestmark = pytest.mark.slow


def encode_deposit(address: str) -> str:
    """Call data that gives stake to a validator."""
    selector = compute_keccak(b"deposit(address)")[:4]
    return "0x" + (selector + bytes.fromhex(address[2:]).rjust(32, b"\0")).hex()


def list_signers(town: Town, block: str) -> set[str]:
    """Names on a block's certificate."""
    return {vote["name"] for vote in town.ask("consensus_commit", block)["votes"]}


def test_a_newcomer_takes_the_place_of_an_equivocator(tmp_path: Path) -> None:
    """The liar is slashed and jailed; the newcomer signs, proposes, and no quorum is without it."""
    with ExitStack() as stack:
        town = Town(tmp_path / "town", stack, "--behavior", "v3=equivocate-votes")
        punished = None
        for _ in range(6):
            town.send(value="0x1")
            for entry in town.ask("consensus_evidence"):
                punished = punished or (entry["punishment"] and entry)
        assert punished is not None
        assert (punished["name"], punished["kind"]) == ("v3", "DuplicateVote")
        powers = {v["name"]: v for v in town.ask("consensus_validators")}
        assert (powers["v3"]["jailed"], powers["v3"]["behavior"]) == (True, "equivocate-votes")

        place = town.told["url"].removeprefix("http://")
        folder = str(tmp_path / "fifth")
        fifth = town.read(town.start("validator", "--data-dir", folder, "--join", place))
        town.wait_until_equal("v4")
        deposit = town.send(
            to="0x" + STAKING.hex(), value=hex(10**18), data=encode_deposit(fifth["address"])
        )
        assert deposit["status"] == "0x1"
        town.send(value="0x1")
        miners: list[str] = []
        while fifth["address"] not in miners:
            block = town.send(value="0x1")["blockNumber"]
            miners.append(town.ask("eth_getBlockByNumber", block, False)["miner"].lower())
            assert list_signers(town, block) <= {"v0", "v1", "v2", "v4"}
            assert len(miners) < 12, "a newcomer waits longer for its turn, but not so long"
        town.kill("v0")
        for _ in range(2):
            block = town.send(value="0x1")["blockNumber"]
            assert list_signers(town, block) == {"v1", "v2", "v4"}
