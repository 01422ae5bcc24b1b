"""A second opinion: the Ethereum specification (EELS) replays our blocks and comes to the same.

State root, gas and receipts root of every block, computed by its own code in its own environment:
`scripts/install_eels` makes it. What only this chain has (inference) is left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import ckzg
import pytest
from eth_account import Account

from devnet.chain.block import Execution
from devnet.chain.body import Block, encode_block
from devnet.chain.chain_file import load_chain
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.kzg import (
    BLOB_BYTES,
    compute_commitment,
    compute_versioned_hash,
    load_setup,
)
from devnet.chain.forks.schedule import build_schedule
from devnet.chain.genesis_file import Genesis, GenesisAccount, load_genesis, place_genesis
from devnet.chain.header import Header, encode_header
from devnet.chain.world import World
from tests.conformance.random_chain import CHAIN_ID, CONTRACTS, RandomChain

if TYPE_CHECKING:
    from tests.conformance.conftest import Dice

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT.parent / "shared" / "rpc-compat"
Replay: TypeAlias = Callable[[Genesis, Header, Sequence[Block]], list[dict[str, Any]]]
SPECIFIED = [fork for fork in Fork if fork is not Fork.CONSTANTINOPLE]  # never lived on mainnet


@pytest.fixture(scope="module")
def replay() -> Replay:
    """What EELS makes of blocks; where it cannot be installed, a failure in CI, else a skip."""
    installed = subprocess.run(
        [sys.executable, ROOT / "scripts" / "install_eels"], capture_output=True, text=True
    )
    if installed.returncode:
        said = installed.stderr.strip()
        if os.environ.get("CI") == "true":
            pytest.fail(f"EELS is not installed: {said}")
        pytest.skip(f"EELS is not installed, THERE IS NO SECOND OPINION: {said}")
    python = Path(installed.stdout.strip()) / "bin" / "python"

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
            [python, ROOT / "scripts" / "eels_replay.py"],
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


def as_block(execution: Execution) -> Block:
    """What travels of an executed block."""
    raws = tuple(transaction.raw for transaction in execution.transactions)
    return Block(execution.header, raws, execution.uncles, execution.withdrawals)


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
def test_random_chains_are_the_specifications(
    replay: Replay, make_dice: Callable[..., Dice], fork: Fork, seed: int
) -> None:
    """Random contracts under every fork: each instruction, precompile, transaction type."""
    dice = make_dice(seed, fork)
    codes = {address: dice.program(dice.random.randrange(3, 25)) for address in CONTRACTS}
    chain = RandomChain(dice, build_schedule(fork), codes)
    for _ in range(6):
        chain.add_random()
    assert sum(len(block.transactions) for block in chain.blocks) > 12
    assert_agreed(chain, replay)


@pytest.mark.parametrize("fork", [Fork.PRAGUE, Fork.OSAKA])
def test_what_we_put_right_in_py_evm_is_as_specified(
    replay: Replay, make_dice: Callable[..., Dice], assemble: Callable[..., bytes], fork: Fork
) -> None:
    """Precompiles with valid and hostile input, senders that are delegated and create."""
    copy = ("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    caller, creator = CONTRACTS[:2]
    target = (0, "CALLDATALOAD", 96, "SHR")
    codes = {
        caller: assemble(
            *copy, 128, 8_192, 20, "CALLDATASIZE", "SUB", 20, *target, 400_000, "STATICCALL",
            0, "SSTORE", "RETURNDATASIZE", 1, "SSTORE",
            8_192, "MLOAD", 2, "SSTORE", 8_224, "MLOAD", 3, "SSTORE",
        ),
        creator: assemble(320, 0, 0, "CREATE", 0, "SSTORE", "GAS", 1, "SSTORE"),
    }  # fmt: skip
    chain = RandomChain(make_dice(0, fork), build_schedule(fork), codes)
    for address, data in list_precompile_inputs():
        assert chain.send(0, caller, address + data, gasPrice=10**10).receipts[0].succeeded
    sender, key = chain.dice.owners[1], chain.dice.keys[1].to_bytes()
    fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    for delegate in (creator, bytes(19) + b"\x02", caller):
        nonce = chain.get_nonces()[1]
        fields = {"chainId": CHAIN_ID, "address": delegate, "nonce": nonce + 1}
        signed = [Account.sign_authorization(fields, key)]
        data = bytes(19) + b"\x04" + b"data"
        block = chain.send(1, sender, data, authorizationList=signed, **fees)
        assert block.receipts[0].succeeded
    assert_agreed(chain, replay)


def list_precompile_inputs() -> Iterator[tuple[bytes, bytes]]:
    """Addresses with input: MODEXP at its edges, P-256, point evaluation."""
    modexp, point, p256 = (n.to_bytes(20, "big") for n in (0x05, 0x0A, 0x100))
    for lengths in ((0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0), (0, 2**64, 0), (1_025, 1, 1)):
        head = b"".join(length.to_bytes(32, "big") for length in lengths)
        for operands in (b"", b"\x03\x05\x07", b"\xff" * 40):
            yield modexp, head + operands
    signature = bytes.fromhex(
        "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
        "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
        "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
        "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
        "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
    )
    yield p256, signature
    yield p256, signature[:-1] + b"\0"
    yield p256, signature[:-1]
    blob = b"\0" + bytes(range(31)) + bytes(BLOB_BYTES - 32)
    z = (5).to_bytes(32, "big")
    proof, y = ckzg.compute_kzg_proof(blob, z, load_setup())
    commitment = compute_commitment(blob)
    good = compute_versioned_hash(commitment) + z + y + commitment + proof
    yield point, good
    yield point, good[:-1]
    yield point, good[:64] + z + good[96:]
    yield point, bytes(32) + good[32:]


def test_forks_by_time_follow_each_other_as_specified(
    replay: Replay, make_dice: Callable[..., Dice]
) -> None:
    """Prague to BPO2 in the middle of a chain whose blocks are full of blobs."""
    base = build_schedule(Fork.PRAGUE)
    starts = {fork: 60 * (n + 1) for n, fork in enumerate((Fork.OSAKA, Fork.BPO1, Fork.BPO2))}
    times = (*base.times, *((first, fork) for fork, first in starts.items()))
    schedule = replace(base, times=times)
    dice = make_dice(0, Fork.PRAGUE)
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
