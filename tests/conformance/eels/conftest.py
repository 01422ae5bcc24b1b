"""The Ethereum specification (EELS), in its own environment, and what it makes of our blocks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from devnet.chain.body import Block, encode_block
from devnet.chain.genesis_file import Genesis, GenesisAccount
from devnet.chain.header import Header, encode_header
from tests.conformance.random_chain import RandomChain, as_block

ROOT = Path(__file__).resolve().parents[3]
Replay: TypeAlias = Callable[[Genesis, Header, Sequence[Block]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def replay(eels_python: Path) -> Replay:
    """What EELS makes of blocks."""

    def run(genesis: Genesis, header: Header, blocks: Sequence[Block]) -> list[dict[str, Any]]:
        task = {
            "chainId": genesis.chain_id,
            "depositContract": genesis.schedule.deposit_contract.hex(),
            "genesis": encode_header(header).hex(),
            "accounts": {a.address.hex(): _dump_account(a) for a in genesis.accounts},
            "blocks": [encode_block(block).hex() for block in blocks],
            "forks": [genesis.schedule.find_fork(b.header).name.lower() for b in blocks],
        }
        done = subprocess.run(
            [eels_python, ROOT / "scripts" / "eels_replay.py"],
            input=json.dumps(task),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    return run


def _dump_account(account: GenesisAccount) -> dict[str, Any]:
    return {
        "nonce": account.nonce,
        "balance": account.balance,
        "code": account.code.hex(),
        "storage": {hex(slot): value for slot, value in account.storage},
    }


def assert_agreed(chain: RandomChain, replay: Replay) -> None:
    """EELS takes every block, with the same results."""
    found = replay(chain.genesis, chain.header, [as_block(block) for block in chain.blocks])
    assert [each["error"] for each in found] == [""] * len(chain.blocks), found[-1]
    for block, each in zip(chain.blocks, found, strict=True):
        header = block.header
        assert each["stateRoot"] == header.state_root.hex()
        assert each["gasUsed"] == header.gas_used
        assert each["receiptsRoot"] == header.receipts_root.hex()
