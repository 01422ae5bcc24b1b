"""What was signed outlives the process: nobody contradicts itself after a restart."""

from pathlib import Path

import pytest

from devnet.config import Config, Host
from devnet.consensus.blame.fork import find_evidence
from devnet.consensus.participation.wal import Received, Signed
from devnet.consensus.tendermint.message import Message, Precommit, Prevote, Proposal
from devnet.errors import NoQuorum, StoreError
from devnet.node import Node
from devnet.validators.misbehaviour import HONEST, parse_behavior
from devnet.validators.signed_log import SignedLog

MESSAGES: tuple[Message, ...] = (
    Proposal(3, 0, b"\x01" * 32, -1, b"\x02" * 20, b"signature"),
    Prevote(3, 0, b"\x01" * 32, -1, b"\x02" * 20, b"another"),
    Precommit(3, 0, bytes(32), b"\x05" * 32, b"\x02" * 20, b"third"),
)


def test_signed_messages_are_read_again(tmp_path: Path) -> None:
    """In their order, until the height is over; what was only heard is not kept."""
    path = tmp_path / "signed.log"
    log = SignedLog(path)
    for message in MESSAGES:
        log.append(Signed(message))
    heard = Received(Proposal(3, 1, b"\x07" * 32, -1, b"\x03" * 20), True)
    log.append(heard)
    assert log.read() == (*map(Signed, MESSAGES), heard)
    log.close()
    assert SignedLog(path).read() == tuple(map(Signed, MESSAGES))
    log = SignedLog(path)
    log.begin()
    assert log.read() == ()
    assert SignedLog(path).read() == ()


@pytest.mark.parametrize("cut", [1, 40, 90])
def test_a_torn_end_is_left_out(tmp_path: Path, cut: int) -> None:
    """What was not wholly written has not left."""
    path = tmp_path / "signed.log"
    log = SignedLog(path)
    for message in MESSAGES:
        log.append(Signed(message))
    path.write_bytes(path.read_bytes()[:-cut])
    assert SignedLog(path).read() == tuple(map(Signed, MESSAGES[:2]))


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """With what the system says."""
    with pytest.raises(StoreError, match=r"cannot use .*signed.log"):
        SignedLog(tmp_path / "nowhere" / "signed.log")


def test_nobody_contradicts_itself_after_a_restart_in_a_halt(tmp_path: Path) -> None:
    """Another block is proposed for the rounds that were; the old signatures stand."""
    node = Node(Config(), Host(data_dir=tmp_path))
    node.mine(2)
    for name in ("v1", "v2"):
        node.set_behavior(name, parse_behavior("precommit-nil"))
    with pytest.raises(NoQuorum):
        node.mine()
    before = node.cluster._assembly.transcript.list_messages(3)
    node.close()
    node = Node(None, Host(data_dir=tmp_path))
    node.increase_time(100)  # whoever proposes now proposes something else
    for name in ("v1", "v2"):
        node.set_behavior(name, HONEST)
    while node.head.header.number < 3:
        try:
            node.mine()
        except NoQuorum:
            continue
    messages = (*before, *node.cluster._assembly.transcript.list_messages(3))
    assert {type(message) for message in before} == {Proposal, Prevote, Precommit}
    assert [e for e in find_evidence(messages) if type(e).__name__.startswith("Duplicate")] == []
    assert node.cluster.record.duplicates == []
    node.close()
