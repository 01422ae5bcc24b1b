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
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import rlp
from eth_account import Account
from eth_keys.datatypes import PrivateKey

from devnet.chain.block import Execution, Withdrawal
from devnet.chain.body import Block, encode_block
from devnet.chain.chain_file import load_chain
from devnet.chain.execution import execute_block
from devnet.chain.forks.difficulty import MIN_DIFFICULTY
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.rules import get_transaction_types
from devnet.chain.forks.schedule import ForkSchedule, build_schedule
from devnet.chain.forks.system import SYSTEM_CONTRACTS
from devnet.chain.genesis_file import Genesis, GenesisAccount, load_genesis, place_genesis
from devnet.chain.header import Header, compute_header_hash, encode_header
from devnet.chain.template import build_child
from devnet.chain.transaction import Transaction, decode_included
from devnet.chain.world import World
from devnet.errors import BadTransaction

if TYPE_CHECKING:
    from tests.conformance.conftest import Dice

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
SUITE = ROOT.parent / "shared" / "rpc-compat"
CHAIN_ID = 1337
KEYS = tuple(PrivateKey(bytes([index]) * 32) for index in range(1, 7))
OWNERS = tuple(key.public_key.to_canonical_address() for key in KEYS)
CONTRACTS = tuple(bytes([0xC0 + index]) * 20 for index in range(8))
WITHDRAWALS, CONSOLIDATIONS = tuple(SYSTEM_CONTRACTS)[2:]
Replay: TypeAlias = Callable[[Genesis, Header, Sequence[Block]], list[dict[str, Any]]]
SPECIFIED = [fork for fork in Fork if fork is not Fork.CONSTANTINOPLE]  # never lived on mainnet


@pytest.fixture(scope="module")
def replay() -> Replay:
    """What EELS makes of blocks; where it cannot be installed, a failure in CI and a skip elsewhere."""
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


class Maker:
    """Makes a chain of random contracts, transactions, withdrawals and requests."""

    def __init__(self, dice: Dice, schedule: ForkSchedule, codes: dict[bytes, bytes]) -> None:
        self.dice, self.schedule = dice, schedule
        self.world = World({}, CHAIN_ID, schedule)
        fork = schedule.find_genesis_fork(0)
        accounts = [GenesisAccount(owner, 10**24) for owner in OWNERS]
        for address, code in codes.items():
            accounts.append(GenesisAccount(address, 5_000, 1, code, ((0, 1), (1, 2**200))))
        accounts += [GenesisAccount(a, 0, 1, code) for a, (code, _) in SYSTEM_CONTRACTS.items()]
        header = Header(
            parent_hash=bytes(32),
            coinbase=bytes(20),
            state_root=bytes(32),
            difficulty=MIN_DIFFICULTY if fork < Fork.PARIS else 0,
            number=0,
            gas_limit=30_000_000,
            timestamp=0,
            extra_data=b"",
            mix_hash=bytes(32),
            base_fee_per_gas=10**9 if fork >= Fork.LONDON else 0,
            length=schedule.get_rules(fork).header_length,
        )
        self.genesis = Genesis(CHAIN_ID, schedule, header, tuple(accounts))
        self.header = self.head = place_genesis(self.world, self.genesis)
        self.hashes = [compute_header_hash(self.head)]
        self.blocks: list[Execution] = []

    def add(self, *raws: bytes, elapsed: int = 10) -> Execution:
        """A block of those transactions that are valid."""
        pick = self.dice.random
        template = build_child(
            self.schedule,
            self.head,
            self.hashes[0],
            timestamp=self.head.timestamp + elapsed,
            coinbase=pick.choice((b"\xcb" * 20, CONTRACTS[0], OWNERS[0])),
            mix_hash=pick.randbytes(32) if self.head.difficulty == 0 else bytes(32),
            parent_beacon_block_root=pick.randbytes(32),
            extra_data=b"",
        )
        fork = self.schedule.find_fork(template)
        paid = range(pick.randrange(3)) if fork >= Fork.SHANGHAI else range(0)
        withdrawals = tuple(
            Withdrawal(n, n, self.dice.address(), pick.choice((0, 1, 10**9))) for n in paid
        )
        block = execute_block(
            self.world,
            self.head,
            template,
            list(_decode(raws, fork)),
            self.hashes,
            lambda _, why: None,
            withdrawals=withdrawals,
        )
        self.blocks.append(block)
        self.head, self.hashes = block.header, [block.hash, *self.hashes]
        return block

    def add_random(self) -> Execution:
        """A block with a transaction of each owner."""
        state = self.world.open(self.head.state_root, self.head)
        elapsed = self.dice.random.randrange(1, 20)
        fork = self.schedule.find_fork(
            replace(self.head, number=self.head.number + 1, timestamp=self.head.timestamp + elapsed)
        )
        nonces = [state.get_nonce(owner) for owner in OWNERS]
        raws = [self.sign(index, nonces, fork) for index in range(len(OWNERS))]
        return self.add(*raws, elapsed=elapsed)

    def sign(self, index: int, nonces: Sequence[int], fork: Fork) -> bytes:
        """A transaction of any type that the fork knows."""
        pick = self.dice.random
        to = pick.choice((*CONTRACTS, *CONTRACTS, self.dice.address(), None))
        data = pick.choice((b"", bytes(40), pick.randbytes(80), pick.randbytes(160)))
        kind = pick.choice(get_transaction_types(fork))
        if kind > 2 and to is None:
            to = CONTRACTS[0]
        if to is None:
            data = self.dice.program(pick.randrange(1, 8), 1) + self.dice.deploy()
        if to in (WITHDRAWALS, CONSOLIDATIONS):
            data = pick.randbytes(56 if to == WITHDRAWALS else 96)
        gas = pick.choice((60_000, 200_000, 500_000, 1_000_000))
        value = pick.choice((0, 0, 1, 1_000))
        if kind == 3:
            return sign_blobs(KEYS[index], nonces[index], gas, to or b"", value, data)
        fields = {"nonce": nonces[index], "gas": gas, "value": value, "data": data}
        fields |= {"to": to} if to is not None else {}
        fields |= {"chainId": CHAIN_ID} if fork >= Fork.SPURIOUS_DRAGON else {}
        if kind < 2:
            fields |= {"gasPrice": 10**10}
        else:
            fields |= {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": pick.choice((0, 10**9))}
        if kind:
            slots = ["0x" + bytes(31).hex() + "01"]
            listed = {"address": "0x" + self.dice.address().hex(), "storageKeys": slots}
            fields |= {"accessList": [listed] * pick.randrange(3), "type": kind}
        if kind == 4:
            fields |= {"authorizationList": [self.authorize(index, nonces) for _ in range(2)]}
        return bytes(Account.sign_transaction(fields, KEYS[index].to_bytes()).raw_transaction)

    def authorize(self, sender: int, nonces: Sequence[int]) -> Any:
        """A delegation, mostly valid."""
        pick = self.dice.random
        index = pick.randrange(len(KEYS))
        fields = {
            "chainId": pick.choice((0, CHAIN_ID, CHAIN_ID, 99)),
            "address": pick.choice((*CONTRACTS, *OWNERS, bytes(20), bytes(19) + b"\x02")),
            "nonce": nonces[index] + (index == sender) + (pick.random() < 0.1),
        }
        return Account.sign_authorization(fields, KEYS[index].to_bytes())


def sign_blobs(
    key: PrivateKey, nonce: int, gas: int, to: bytes, value: int, data: bytes, count: int = 2
) -> bytes:
    """A blob transaction as it stands in a block."""
    hashes = [b"\x01" + bytes([index]) * 31 for index in range(count)]
    body = [CHAIN_ID, nonce, 10**9, 10**10, gas, to, value, data, [], 10**10, hashes]
    signature = key.sign_msg(b"\x03" + rlp.encode(body))
    return b"\x03" + bytes(rlp.encode([*body, signature.v, signature.r, signature.s]))


def _decode(raws: Sequence[bytes], fork: Fork) -> Iterator[Transaction]:
    for raw in raws:
        with suppress(BadTransaction):
            yield decode_included(raw, fork)


def assert_agreed(maker: Maker, replay: Replay) -> None:
    """EELS takes every block, with the same results."""
    found = replay(maker.genesis, maker.header, [as_block(block) for block in maker.blocks])
    assert [each["error"] for each in found] == [""] * len(maker.blocks), found[-1]
    for block, each in zip(maker.blocks, found, strict=True):
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
    dice = make_dice(seed, fork, OWNERS)
    codes = {address: dice.program(dice.random.randrange(3, 25)) for address in CONTRACTS}
    maker = Maker(dice, build_schedule(fork), codes)
    for _ in range(6):
        maker.add_random()
    assert sum(len(block.transactions) for block in maker.blocks) > 12
    assert_agreed(maker, replay)


def test_forks_by_time_follow_each_other_as_specified(
    replay: Replay, make_dice: Callable[..., Dice]
) -> None:
    """Prague to BPO2 in the middle of a chain whose blocks are full of blobs."""
    base = build_schedule(Fork.PRAGUE)
    starts = {fork: 60 * (n + 1) for n, fork in enumerate((Fork.OSAKA, Fork.BPO1, Fork.BPO2))}
    times = (*base.times, *((first, fork) for fork, first in starts.items()))
    schedule = replace(base, times=times)
    dice = make_dice(0, Fork.PRAGUE, OWNERS)
    maker = Maker(dice, schedule, {CONTRACTS[0]: dice.program(20)})
    for n in range(24):
        state = maker.world.open(maker.head.state_root, maker.head)
        nonces = [state.get_nonce(owner) for owner in OWNERS]
        counts = (6, 3) if n % 3 else (1,)
        maker.add(
            *(
                sign_blobs(KEYS[i], nonces[i], 200_000, CONTRACTS[0], 0, b"", count)
                for i, count in enumerate(counts)
            )
        )
    forks = {schedule.find_fork(block.header) for block in maker.blocks}
    assert forks == {Fork.PRAGUE, *starts}
    assert max(block.header.excess_blob_gas for block in maker.blocks) > 10**6
    assert_agreed(maker, replay)
