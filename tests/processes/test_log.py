"""What a participant has logged is there again after its process has ended."""

from contextlib import closing
from pathlib import Path

import pytest

from devnet.consensus.participation.wal import Entry, Received, Signed
from devnet.consensus.tendermint.event import TimedOut
from devnet.consensus.tendermint.message import Precommit, Prevote, Proposal
from devnet.consensus.tendermint.state import Step
from devnet.errors import StoreError
from devnet.processes.log import LOG_FILE, DiskLog
from devnet.processes.message import Body

VALUE, ADDRESS, SIGNATURE = b"v" * 32, b"a" * 20, b"s" * 65
PROPOSAL = Proposal(3, 1, VALUE, -1, ADDRESS, SIGNATURE)
PREVOTE = Prevote(3, 1, VALUE, 0, ADDRESS, SIGNATURE)
PRECOMMIT = Precommit(3, 1, VALUE, b"f" * 32, ADDRESS, SIGNATURE)
ENTRIES: tuple[Entry, ...] = (
    Received(PROPOSAL, is_valid=True),
    Received(PROPOSAL, is_valid=False),
    PREVOTE,
    Signed(PREVOTE),
    PRECOMMIT,
    Signed(PRECOMMIT),
    Signed(PROPOSAL),
    TimedOut(Step.PREVOTE, 3, 1),
)
BODY = Body(1, b"block", None)


def test_entries_are_read_again_in_order(tmp_path: Path) -> None:
    """By a process that knows nothing of the first, though that never closed its file."""
    first = DiskLog(tmp_path)
    for entry in ENTRIES:
        first.append(entry)
    with closing(DiskLog(tmp_path)) as second:
        assert second.read() == ENTRIES
        assert [type(entry) for entry in second.read()] == [type(entry) for entry in ENTRIES]
    first.close()


def test_a_block_is_kept_with_the_entry_that_names_it(tmp_path: Path) -> None:
    """Alone it is not: nothing that was logged needs it."""
    first = DiskLog(tmp_path)
    first.keep_body(VALUE, BODY)
    first.close()
    second = DiskLog(tmp_path)
    assert second.read_bodies() == ()
    second.keep_body(VALUE, BODY)
    second.append(PREVOTE)
    second.close()
    with closing(DiskLog(tmp_path)) as third:
        assert third.read_bodies() == (BODY,)


def test_a_height_that_is_over_is_forgotten(tmp_path: Path) -> None:
    """Entries and blocks alike; the next height's are kept as before."""
    with closing(DiskLog(tmp_path)) as log:
        log.keep_body(VALUE, BODY)
        log.append(PREVOTE)
        log.begin()
        assert (log.read(), log.read_bodies()) == ((), ())
        log.keep_body(VALUE, BODY)
        log.append(PRECOMMIT)
        assert (log.read(), log.read_bodies()) == ((PRECOMMIT,), (BODY,))


def test_a_damaged_log_is_refused(tmp_path: Path) -> None:
    """With the file and what to do."""
    (tmp_path / LOG_FILE).write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError, match=LOG_FILE):
        DiskLog(tmp_path)
