"""One directory, one chain, one process; what does not fit is refused with what to do."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from devnet.chain.genesis_file import parse_genesis
from devnet.chain.origin import Origin
from devnet.config import Config, Host
from devnet.errors import ConfigError, NoQuorum, StoreError
from devnet.node import Node

if TYPE_CHECKING:
    from tests.node.conftest import Open

FRESH = bytes.fromhex("f5" * 20)
GENESIS = parse_genesis(json.dumps({"config": {"chainId": 5}, "difficulty": "0x20000"}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"validators": 4}, "validators 2, not 4"),
        ({"validators": 2, "seed": 1}, "seed 0, not 1"),
        ({"validators": 2, "chain_id": 1}, "chain id 31337, not 1"),
        ({"validators": 2, "hardfork": "cancun"}, "hardfork osaka, not cancun"),
        ({"validators": 2, "accounts": 1}, "accounts 10, not 1"),
    ],
)
def test_another_configuration_is_refused(
    reopen: Open, tmp_path: Path, options: dict[str, int], words: str
) -> None:
    """With what is there; the directory stays as it was. The time between blocks may change."""
    head = reopen(validators=2).node.head
    with pytest.raises(ConfigError, match=rf"data holds a chain with {words}; leave the option"):
        reopen(**options)
    shutil.rmtree(tmp_path / "data" / "v1")  # made again by executing
    node = reopen(validators=2, block_time_s=9).node
    assert (node.head, node.timeline.period_s) == (head, 9)


def test_another_genesis_is_refused(reopen: Open) -> None:
    """In a directory with a chain of its own, and in one with another file's."""
    reopen(validators=1)
    with pytest.raises(ConfigError, match="holds a chain with another genesis; leave --genesis"):
        reopen(origin=Origin(GENESIS))


def test_a_genesis_is_remembered(reopen: Open) -> None:
    """Its chain id and forks hold after a restart; blocks are imported by the command alone."""
    driver = reopen(origin=Origin(GENESIS))
    driver.node.mine(2)
    node = reopen().node
    assert (node.config.chain_id, node.head) == (5, driver.node.head)
    assert node.cluster.world.schedule == GENESIS.schedule
    assert node.get_certificate(1).height == 1
    other = Origin(parse_genesis(json.dumps({"config": {"chainId": 6}})))
    with pytest.raises(ConfigError, match="holds a chain with another genesis"):
        reopen(origin=other)
    block = Origin(GENESIS, ("block",))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="has a chain already; add blocks with 'devnet import'"):
        reopen(origin=block)


def test_a_directory_belongs_to_one_process(reopen: Open, tmp_path: Path) -> None:
    """The second is told who has it; when that one ends it is free."""
    driver = reopen(validators=1)
    with pytest.raises(StoreError, match=r"data is in use by process [0-9]+; stop it"):
        Node(None, Host(data_dir=tmp_path / "data"))
    driver.node.close()
    Node(None, Host(data_dir=tmp_path / "data")).close()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot use data directory .*file"):
        Node(Config(validators=1), Host(data_dir=tmp_path / "file"))


def test_a_lost_state_is_made_again_by_executing(reopen: Open, tmp_path: Path) -> None:
    """From block 0, held to the certificates; the other validators need nothing."""
    driver = reopen()
    model_id = driver.add_digits()
    driver.infer(model_id)
    driver.node.close()
    for name in ("state.db", "state.db-wal", "state.db-shm"):
        (tmp_path / "data" / "v1" / name).unlink(missing_ok=True)
    driver = reopen()
    assert driver.node.cluster.find("v1").head == driver.node.head.header
    driver.infer(model_id)
    assert "v1" in driver.list_signers()


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:5_000]),
        lambda path: path.write_bytes(b"\0" * 30_000),
        lambda path: path.write_bytes(path.read_bytes()[::-1]),
    ],
    ids=["cut", "zeros", "reversed"],
)
@pytest.mark.parametrize(
    ("name", "remedy"), [("v1/state.db", "delete it"), ("chain.db", "put back a copy")]
)
def test_a_damaged_file_stops_the_start_with_what_to_do(
    reopen: Open, tmp_path: Path, name: str, remedy: str, damage: Callable[[Path], object]
) -> None:
    """Never a traceback, never another chain."""
    driver = reopen(validators=2)
    for value in range(8):
        driver.node.send_raw(driver.sign(FRESH, value=value))
    driver.node.close()
    damage(tmp_path / "data" / name)
    with pytest.raises((StoreError, NoQuorum), match=rf"{name} is damaged .*{remedy}"):
        reopen()


def test_a_block_that_was_changed_on_disk_is_noticed(reopen: Open, tmp_path: Path) -> None:
    """When it is read: its hash is taken again."""
    driver = reopen(validators=1)
    driver.node.mine(6)
    driver.node.close()
    with sqlite3.connect(tmp_path / "data" / "chain.db") as other:
        other.execute(
            "UPDATE blocks SET execution = (SELECT execution FROM blocks b JOIN chain c "
            "ON b.hash = c.hash WHERE number = 2) "
            "WHERE hash = (SELECT hash FROM chain WHERE number = 1)"
        )
    node = reopen().node
    with pytest.raises(StoreError, match=r"damaged: block 0x.* has other bytes; put back a copy"):
        node.history.get_block(1)


def test_a_torn_log_loses_only_what_was_not_told(reopen: Open, tmp_path: Path) -> None:
    """The end of the write-ahead log is missing, as after a power cut: the blocks before are there.

    What a validator's own file is behind, it executes again.
    """
    driver = reopen(validators=2)
    for value in range(6):
        driver.node.send_raw(driver.sign(FRESH, value=value))
    hashes = [driver.node.history.get_hash(n) for n in range(7)]
    folder = tmp_path / "data"
    for cut in (1, 5_000, 40_000):
        shutil.rmtree(tmp_path / "torn", ignore_errors=True)
        shutil.copytree(folder, tmp_path / "torn")
        for path in (tmp_path / "torn" / "chain.db-wal", tmp_path / "torn" / "v0" / "state.db-wal"):
            path.write_bytes(path.read_bytes()[:-cut])
        node = Node(None, Host(data_dir=tmp_path / "torn"))
        head = node.head.header.number
        assert [node.history.get_hash(n) for n in range(head + 1)] == hashes[: head + 1]
        assert head < 6
        assert all(v.head == node.head.header for v in node.cluster.validators)
        node.mine()
        node.close()


def fill(database: object) -> None:
    """Let a file have no room left, as on a full disk."""
    connection = database._connection  # type: ignore[attr-defined]
    ((pages,),) = connection.execute("PRAGMA page_count").fetchall()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_validator_without_room_on_its_disk_stays_behind(reopen: Open) -> None:
    """The others go on; it says why, and after a restart with room it executes what it missed."""
    driver = reopen()
    validator = driver.node.cluster.find("v1")
    store = validator.world._archive.store
    assert store is not None
    store._commit()
    fill(store._database)
    for value in range(20):
        driver.node.send_raw(driver.sign(bytes([value]) * 20, value=1))
    assert driver.node.head.header.number == 20
    assert "state.db: no space is left; free some" in validator.stuck
    assert "v1" not in driver.list_signers()
    driver.node.close()
    driver = reopen()
    assert all(v.head == driver.node.head.header for v in driver.node.cluster.validators)


def test_a_node_without_room_for_blocks_tells_nobody_of_them(reopen: Open) -> None:
    """What was told before is there after a restart."""
    driver = reopen()
    assert driver.node.directory is not None
    fill(driver.node.directory._database)
    told: list[bytes] = []

    def send() -> None:
        for value in range(200):
            told.append(driver.node.send_raw(driver.sign(FRESH, bytes(500), value)))

    reason = r"cannot write .*chain.db: no space is left; free some and start again"
    with pytest.raises(StoreError, match=reason):
        send()
    with pytest.raises(StoreError, match=reason):
        driver.node.mine()
    node = reopen().node
    assert all(node.history.find_transaction(sent) for sent in told)
    assert node.head.header.number == len(told)
    node.mine()
