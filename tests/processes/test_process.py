"""Four validator processes' worth in one thread: over real sockets, each with its own disk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from devnet.chain.account import derive_accounts
from devnet.chain.signing import UnsignedTransaction, sign_transaction
from devnet.clock import read_clock
from devnet.config import Config
from devnet.consensus.participation.host import Status
from devnet.consensus.tendermint.message import Prevote
from devnet.errors import StoreError
from devnet.network.sockets.exchange import Exchange
from devnet.network.sockets.identity import Peer, derive_keys
from devnet.processes.codec import decode, encode
from devnet.processes.founding import NODE, found
from devnet.processes.key_file import load_key
from devnet.processes.message import Introduced, Message, Report, ReportWanted, Transactions
from devnet.processes.process import Process

PATIENCE_S = 60.0
ADDRESS, WORD, SIGNATURE = bytes(20), bytes(31) + b"\1", bytes(65)


class Four:
    """Processes that take a step when they are asked to, and the node's sockets."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        self.heard: list[Message] = []  # by the node
        self.network = found(folder, Config())
        self.running = {name: self.open(name) for name in ("v0", "v1", "v2", "v3")}
        keys = derive_keys(load_key(folder / NODE))
        place, peers = self.network.node.endpoint, self.network.peers[1:]
        self.node = stack.enter_context(closing(Exchange(keys, place, read_clock, peers)))
        self.wait(lambda: all(c.is_connected for c in self.node.list_contacts()))

    def open(self, name: str) -> Process:
        """Start one."""
        process = self._stack.enter_context(closing(Process(self.folder / name, read_clock)))
        process.start()
        return process

    def impersonate(self, name: str) -> Exchange:
        """Sockets with a validator's key, in its place, that say what they like."""
        self.running.pop(name).close()
        keys = derive_keys(load_key(self.folder / name))
        place = self.network.find(keys.public).endpoint
        others = [peer for peer in self.network.peers if peer.name not in (NODE, name)]
        return self._stack.enter_context(closing(Exchange(keys, place, read_clock, others)))

    def wait(self, holds: Callable[[], bool]) -> None:
        """Let all of them work until something holds."""
        end = read_clock() + PATIENCE_S
        while not holds():
            assert read_clock() < end, "waited too long"
            self.heard += [decode(data) for _, data in self.node.receive(1)]
            for process in self.running.values():
                process.step(1)

    def send(self, nonce: int) -> None:
        """One transaction, to all."""
        account = derive_accounts(self.network.config.mnemonic, 1)[0]
        unsigned = UnsignedTransaction(nonce, ADDRESS, 1, b"", 21_000, 3 * 10**9, 10**9)
        raw = sign_transaction(unsigned, self.network.config.chain_id, account.key)
        self.node.broadcast(encode(Transactions((raw,))))

    def wait_for_block(self, number: int) -> None:
        """Until all that run have it."""
        self.wait(lambda: all(p.height == number for p in self.running.values()))

    def find_dropped(self, name: str) -> dict[str, str]:
        """Whom a process has dropped, and why."""
        return {c.peer.name: c.dropped for c in self.running[name].contacts if c.dropped}


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
        (b"\1\1" + bytes(100), "no Prevote"),
        (encode(Status(1, ADDRESS)), "speaks for validator"),
        (encode(Prevote(1, 0, WORD, -1, ADDRESS, SIGNATURE)), "has not signed"),
        (encode(Transactions((b"no transaction",))), "does not read"),
        (encode(Introduced(Peer("v9", ADDRESS, "key", "tcp://x:1"))), "only the node may"),
        (encode(Report(0, "", 0, 0, 0, "", (), 0)), "nobody wanted"),
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
