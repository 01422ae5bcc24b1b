"""What one process does among others, over real sockets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from devnet.clock import read_clock
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Prevote
from devnet.errors import StoreError
from devnet.network.sockets.identity import Peer
from devnet.processes.codec import VERSION, encode
from devnet.processes.message import BlockWanted, Introduced, Report, ReportWanted, Transactions
from devnet.processes.process import Process
from tests.processes.quartet import Four

ADDRESS, WORD, SIGNATURE = bytes(20), bytes(31) + b"\1", bytes(65)


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Four]:
    with ExitStack() as stack:
        yield Four(tmp_path, stack)


def test_a_block_is_decided_for_a_transaction_and_none_without(four: Four) -> None:
    """Nobody proposes while nobody wants a block."""
    for _ in range(20):
        four.wait(lambda: True)
        for process in four.running.values():
            process.step(1)
    assert {process.height for process in four.running.values()} == {0}
    four.send(0)
    four.wait_for_block(1)
    assert len({process.head_hash for process in four.running.values()}) == 1


def test_a_process_that_was_away_catches_up(four: Four) -> None:
    """Three go on without it; back again it executes what it has missed."""
    four.running.pop("v3").close()
    for nonce in range(3):
        four.send(nonce)
        four.wait_for_block(nonce + 1)
    four.running["v3"] = four.open("v3")
    four.wait_for_block(3)


def test_two_processes_do_not_share_a_folder(four: Four) -> None:
    """They would be one validator that says two things."""
    with pytest.raises(StoreError, match="in use by process"):
        Process(four.folder / "v0", read_clock)


@pytest.mark.parametrize(
    ("garbage", "said"),
    [
        (b"\xff\xff nonsense", "format 255"),
        (bytes((VERSION, 1)) + bytes(100), "no Prevote"),
        (encode(Status(1, ADDRESS)), "speaks for validator"),
        (encode(Prevote(1, 0, WORD, -1, ADDRESS, SIGNATURE)), "has not signed"),
        (encode(Transactions((b"no transaction",))), "does not read"),
        (encode(Introduced(Peer("v9", ADDRESS, "key", "tcp://x:1"))), "only the node may"),
        (encode(BlockWanted(1, 2**60, True)), "wants a block, which only the node may"),
        (encode(Report(0, "", 0, 0, 0, "", (), 0, "", WORD, WORD, (), ())), "nobody wanted"),
    ],
)
def test_a_peer_that_sends_garbage_is_dropped_and_named(
    four: Four, garbage: bytes, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    """By whoever got it; the others hear it as before, and blocks are decided."""
    liar = four.impersonate("v3")
    victim = four.running["v0"].peer

    def is_dropped() -> bool:
        liar.send(victim.key, garbage)
        return bool(four.find_dropped("v0"))

    with caplog.at_level(logging.WARNING):
        four.wait(is_dropped)
    assert said in four.find_dropped("v0")["v3"]
    assert "dropped v3" in caplog.text
    assert not four.find_dropped("v1")
    four.send(0)
    four.wait_for_block(1)


def test_a_process_reports_when_it_is_asked(four: Four) -> None:
    """To whoever asks: where it is, and whom it reaches."""

    def list_reports() -> dict[str, Report]:
        return {said.name: said for said in four.heard if isinstance(said, Report)}

    def is_all_here() -> bool:
        four.node.broadcast(encode(ReportWanted(5)))
        return len(list_reports()) == 4

    four.wait(is_all_here)
    reports = list_reports()
    assert sorted(reports) == ["v0", "v1", "v2", "v3"]
    assert {(report.number, report.height) for report in reports.values()} == {(5, 0)}
    assert all(len(report.links) == 4 for report in reports.values())
