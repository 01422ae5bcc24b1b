"""Chains made elsewhere: the 54 blocks of the execution-apis suite, mined ones to the last fork.

They hold every fork from Homestead on, uncles, the merge, withdrawals, blobs and requests. Their
proof of work is blank: seals of zeros that no miner made.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devnet.chain.block import Execution, build_execution
from devnet.chain.body import Block, compute_uncles_hash, compute_withdrawals_root
from devnet.chain.chain_file import dump_chain, load_chain, split_blocks
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.seal import accept_seal
from devnet.chain.genesis_file import Genesis, load_genesis, place_genesis
from devnet.chain.header import Header
from devnet.chain.history import History
from devnet.chain.importing import import_blocks
from devnet.chain.state.proof import compute_list_root
from devnet.chain.world import World
from devnet.errors import BadBlock, BadSeal, ConfigError

SUITE = Path(__file__).resolve().parents[3] / "shared" / "rpc-compat"


class Suite:
    """The suite's chain; blocks before any number are imported once."""

    def __init__(self) -> None:
        self.genesis: Genesis = load_genesis(SUITE / "genesis.json")
        self.blocks = tuple(load_chain(SUITE / "chain.rlp"))
        self.world = World({}, self.genesis.chain_id, self.genesis.schedule)
        self.header = place_genesis(self.world, self.genesis)
        self.history = History(build_execution(self.header, (), (), ()))
        for block in import_blocks(self.world, self.history, self.blocks, accept_seal):
            self.history.append(block)
        self.chain = [self.history.get_block(number) for number in range(len(self.blocks) + 1)]

    def add(self, block: Block, **options: Any) -> Execution:
        """A block after those before its number."""
        options = {"check_seal": accept_seal, "after": block.header.number - 1, **options}
        return next(import_blocks(self.world, self.history, [block], **options))


@pytest.fixture(scope="module")
def suite() -> Suite:
    """Where the files are missing: a failure in CI, a warning elsewhere."""
    if not SUITE.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{SUITE} is missing: the import test needs it")
        pytest.skip(f"{SUITE} is missing: THE IMPORT OF CHAINS IS NOT TESTED")
    return Suite()


def test_chain_imports_to_the_head_that_is_expected(suite: Suite) -> None:
    """Every header comes out of own execution; the last is the one the suite names."""
    asked = json.loads((SUITE / "headfcu.json").read_text())
    head = asked["params"][0]["headBlockHash"]
    assert len(suite.chain) == 55
    assert "0x" + suite.chain[-1].hash.hex() == head
    forks = [suite.genesis.schedule.find_fork(block.header) for block in suite.chain]
    assert forks == sorted(forks)
    assert set(forks) == set(Fork) - {Fork.FRONTIER}
    assert any(block.uncles for block in suite.chain)
    assert any(block.withdrawals for block in suite.chain)
    assert any(block.requests for block in suite.chain)
    types = {t.type_id for block in suite.chain for t in block.transactions}
    assert types == {0, 1, 2, 3, 4}


def test_files_are_read_back_plain_and_packed(suite: Suite, tmp_path: Path) -> None:
    """What is written is what was read, to the byte; gzip is seen by its first bytes."""
    raw = (SUITE / "chain.rlp").read_bytes()
    dump_chain(tmp_path / "chain", suite.blocks)
    assert (tmp_path / "chain").read_bytes() == raw
    (tmp_path / "packed").write_bytes(gzip.compress(raw))
    assert tuple(load_chain(tmp_path / "packed")) == suite.blocks


def test_files_that_are_cut_or_no_chain_are_refused(tmp_path: Path) -> None:
    """With the place where they end."""
    for raw, words in (
        (b"\xf9\x02", "no block at byte 0"),
        (b"\xc2\x80", "ends at 3, the file at 2"),
    ):
        with pytest.raises(BadBlock, match=words):
            list(split_blocks(raw))
    (tmp_path / "cut").write_bytes(gzip.compress(b"blocks")[:-9])
    for name in ("none", "cut"):
        with pytest.raises(ConfigError, match="cannot read chain"):
            list(load_chain(tmp_path / name))


def test_import_goes_on_where_it_was(suite: Suite) -> None:
    """Blocks the chain has are passed over; one of their numbers but another hash is refused."""
    world, history = suite.world, suite.history
    added = list(import_blocks(world, history, suite.blocks, accept_seal, 29))
    assert [block.hash for block in added] == [block.hash for block in suite.chain[30:]]
    other = change(suite.blocks[28], timestamp=1)
    with pytest.raises(BadBlock, match=r"block 29 is 0x.*the chain has 0x"):
        list(import_blocks(world, history, [other], accept_seal, 29))
    with pytest.raises(BadBlock, match="number: parent is 29"):
        list(import_blocks(world, history, suite.blocks[31:], accept_seal, 29))
    assert not list(import_blocks(world, history, suite.blocks, accept_seal))


def test_blank_seals_are_no_proof_of_work(suite: Suite) -> None:
    """They are only taken on request; blocks of proof of stake have none."""
    pytest.importorskip("ethash")
    from devnet.chain.forks.seal import check_seal

    with pytest.raises(BadSeal, match="block 1: nonce 0x0000000000000000 is no proof of work"):
        suite.add(suite.blocks[0], check_seal=check_seal)
    suite.add(suite.blocks[40], check_seal=check_seal)


def change(block: Block, **fields: Any) -> Block:
    """A block with another header."""
    return replace(block, header=replace(block.header, **fields))


HEADER_FAULTS: list[tuple[int, dict[str, Any], str]] = [
    (1, {"difficulty": 131_073}, "difficulty is 131073, must be 131072"),
    (1, {"parent_hash": bytes(32)}, "parent_hash is 0x00"),
    (1, {"timestamp": 0}, "timestamp 0: must be after 0"),
    (1, {"gas_limit": 100_000_000 + 97_656}, "gas_limit 100097656: must be less than 97656 from"),
    (1, {"gas_limit": 4_999}, "gas_limit 4999"),
    (1, {"extra_data": bytes(33)}, "extra_data of 33 bytes: at most 32"),
    (1, {"length": 16}, "number of fields is 16, must be 15"),
    (1, {"difficulty": 0}, "total is 131072, proof of work ends at 4732352"),
    (9, {"difficulty": 131_136}, "difficulty is 131136, must be 131072"),
    (27, {"base_fee_per_gas": 999}, "base_fee_per_gas is 999, must be 1000000000"),
    (
        27,
        {"gas_limit": 100_000_000},
        "gas_limit 100000000: must be less than 195312 from 200000000",
    ),
    (28, {"base_fee_per_gas": 10**9}, "base_fee_per_gas is 1000000000, must be 875182170"),
    (36, {"difficulty": 131_968}, "proof of work ends at 4732352"),
    (36, {"nonce": b"\x01" * 8}, "nonce is 0x0101010101010101, must be 0x00"),
    (36, {"uncles_hash": bytes(32)}, "uncles_hash is 0x00"),
    (39, {"length": 16}, "number of fields is 16, must be 17"),
    (42, {"excess_blob_gas": 131_072}, "excess_blob_gas is 131072, must be 0"),
    (42, {"blob_gas_used": 131_073}, "blob_gas_used 131073: must be a multiple of 131072"),
    (42, {"blob_gas_used": 7 * 131_072}, "at most 786432"),
    (51, {"blob_gas_used": 16 * 131_072}, "at most 1966080"),
    (54, {"gas_used": 10**9}, "gas_used 1000000000: gas_limit is 200000000"),
]
BODY_FAULTS: list[tuple[int, dict[str, Any], str]] = [
    (1, {"transactions": ()}, "transactions_root is 0x"),
    (3, {"uncles": ()}, "uncles_hash is 0x"),
    (39, {"withdrawals": ()}, "withdrawals_root is 0x"),
]
RESULT_FAULTS: list[tuple[int, dict[str, Any], str]] = [
    (number, {name: value}, f"{name} is .*, own execution gives")
    for number in (1, 20, 36, 54)
    for name, value in (
        ("state_root", bytes(32)),
        ("receipts_root", bytes(32)),
        ("logs_bloom", b"\x01" * 256),
        ("gas_used", 21_000),
    )
] + [
    (45, {"requests_hash": bytes(32)}, "requests_hash is .*, own execution gives"),
    (54, {"blob_gas_used": 131_072}, "blob_gas_used is 131072, own execution gives 0"),
    (54, {"mix_hash": b"\x01" * 32}, ""),
    (54, {"parent_beacon_block_root": b"\x01" * 32}, "state_root is .*, own execution gives"),
    (54, {"coinbase": b"\x01" * 20}, "state_root is .*, own execution gives"),
]


@pytest.mark.parametrize(("number", "fields", "words"), HEADER_FAULTS + RESULT_FAULTS)
def test_each_field_of_a_header_is_held_to_its_rule(
    suite: Suite, number: int, fields: dict[str, Any], words: str
) -> None:
    """The refusal has block, field, value and what it must be; the random value alone is free."""
    bad = change(suite.blocks[number - 1], **fields)
    if not words:
        assert suite.add(bad).hash != suite.chain[number].hash
        return
    with pytest.raises(BadBlock, match=rf"block {number}: .*{words}"):
        suite.add(bad)


@pytest.mark.parametrize(("number", "parts", "words"), BODY_FAULTS)
def test_a_body_is_held_to_its_header(
    suite: Suite, number: int, parts: dict[str, Any], words: str
) -> None:
    """Nothing may be missing."""
    with pytest.raises(BadBlock, match=f"block {number}: {words}"):
        suite.add(replace(suite.blocks[number - 1], **parts))


def test_transactions_that_are_invalid_make_the_block_invalid(suite: Suite) -> None:
    """Order, signature and kind: each with its index."""
    block = suite.blocks[0]
    first, *rest = block.transactions
    later = suite.blocks[53].transactions[0]
    cut = first[:-1] + bytes([first[-1] ^ 1])
    typed = suite.blocks[26].transactions[0]
    for raws, words in (
        ((*rest, first), "nonce too high"),
        ((first, first), "nonce too low"),
        ((cut, *rest), "own execution gives|insufficient funds|does not decode|nonce"),
        ((later,), "does not decode"),  # bound to a chain, before EIP-155
        ((typed,), "transaction 0: transaction type not supported: 2 under homestead"),
    ):
        bad = replace(block, transactions=tuple(raws))
        root = compute_list_root(bad.transactions)
        with pytest.raises(BadBlock, match=words):
            suite.add(change(bad, transactions_root=root))


def name_uncles(block: Block, *uncles: Header) -> Block:
    """A block with other uncles and their hash."""
    return change(replace(block, uncles=uncles), uncles_hash=compute_uncles_hash(uncles))


@pytest.fixture
def uncled(suite: Suite) -> tuple[Block, Header]:
    """Block 4 and its uncle."""
    block = suite.blocks[3]
    (uncle,) = block.uncles
    return block, uncle


def test_uncles_are_held_to_their_rules(suite: Suite, uncled: tuple[Block, Header]) -> None:
    """At most two, each a valid child of a near ancestor, named once and no ancestor itself."""
    block, uncle = uncled
    named = suite.blocks[2].uncles[0]
    faults: list[tuple[tuple[Header, ...], str]] = [
        ((uncle, uncle), "was named before"),
        ((named,), "was named before"),
        ((suite.blocks[1].header,), "is an ancestor"),
        ((uncle, uncle, uncle), "3 uncles: at most 2"),
        ((replace(uncle, parent_hash=bytes(32)),), "no child of an ancestor"),
        ((replace(uncle, parent_hash=block.header.parent_hash),), "no child of an ancestor"),
        ((replace(uncle, difficulty=1),), "difficulty is 1, must be"),
        ((replace(uncle, timestamp=0),), "must be after"),
        ((replace(uncle, gas_used=10**9),), "gas_used 1000000000"),
        ((), "state_root is"),  # nobody is rewarded
    ]
    for uncles, words in faults:
        with pytest.raises(BadBlock, match=words):
            suite.add(name_uncles(block, *uncles))


def test_withdrawals_are_paid_as_the_header_says(suite: Suite) -> None:
    """Another amount with its root gives another state."""
    block = suite.blocks[38]
    paid = tuple(replace(one, amount_gwei=one.amount_gwei + 1) for one in block.withdrawals)
    bad = change(replace(block, withdrawals=paid), withdrawals_root=compute_withdrawals_root(paid))
    with pytest.raises(BadBlock, match=r"state_root is .*, own execution gives"):
        suite.add(bad)


def test_seals_are_asked_for_blocks_and_uncles_of_proof_of_work_alone(suite: Suite) -> None:
    """Each header once."""
    asked: list[Header] = []
    check: Callable[[Header], None] = asked.append
    for number in (4, 36, 54):
        suite.add(suite.blocks[number - 1], check_seal=check)
    assert asked == [suite.blocks[3].header, *suite.blocks[3].uncles]
