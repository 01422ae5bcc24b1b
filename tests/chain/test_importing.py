"""Chains made elsewhere: the 54 blocks of the execution-apis suite, mined ones to the last fork.

They hold every fork from Homestead on, uncles, the merge, withdrawals, blobs and requests. Their
proof of work is blank: seals of zeros that no miner made.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from devnet.chain.chain_file import dump_chain, load_chain, split_blocks
from devnet.chain.forks.fork import Fork
from devnet.chain.forks.seal import accept_seal
from devnet.chain.header import Header
from devnet.chain.importing import import_blocks
from devnet.errors import BadBlock, BadSeal, ConfigError
from tests.chain.suite import SUITE, Suite, change


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


def test_seals_are_asked_for_blocks_and_uncles_of_proof_of_work_alone(suite: Suite) -> None:
    """Each header once."""
    asked: list[Header] = []
    check: Callable[[Header], None] = asked.append
    for number in (4, 36, 54):
        suite.add(suite.blocks[number - 1], check_seal=check)
    assert asked == [suite.blocks[3].header, *suite.blocks[3].uncles]
