"""What a process sees another do wrong is in a proposer's block soon, punished, and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from devnet.consensus.participation.signing import KeySigner
from devnet.consensus.tendermint.message import Message, Prevote, Proposal
from devnet.consensus.vote import NIL
from devnet.network.sockets.exchange import Exchange
from devnet.processes.codec import encode
from devnet.processes.key_file import load_key
from devnet.rpc.consensus import get_status, get_validators
from devnet.rpc.evidence import get_evidence
from precompiles.models.samples import read_sample
from tests.conftest import INFERENCE, encode_infer
from tests.processes.quartet import Orchestra

ONE, OTHER = b"\x01" * 32, b"\x02" * 32


def list_evidence(orchestra: Orchestra) -> list[dict[str, Any]]:
    """What the node tells."""
    found: Any = get_evidence(orchestra.node)
    return list(found)


def list_punished(orchestra: Orchestra) -> set[tuple[str, str]]:
    """Who was punished for what."""
    return {(f["name"], f["kind"]) for f in list_evidence(orchestra) if f["punishment"]}


def send_until_punished(orchestra: Orchestra) -> None:
    """Blocks until somebody is, two rounds of turns at most."""
    while not list_punished(orchestra):
        assert orchestra.send() < 9, list_evidence(orchestra)


@contextmanager
def play_v3(orchestra: Orchestra) -> Iterator[tuple[Exchange, KeySigner]]:
    """Sockets and key of v3, for whoever says what it likes."""
    key = load_key(orchestra.folder / "v3")
    sockets = orchestra.impersonate("v3")
    config, federation = orchestra.network.config, orchestra.federation
    yield sockets, KeySigner(key, config.chain_id, federation._turns.get_set_hash)


def tell(orchestra: Orchestra, sockets: Exchange, name: str, *said: Message) -> None:
    """Say this to one process until it has acted on it."""
    pool = orchestra.running[name]._home.evidence
    key = orchestra.running[name].peer.key

    def is_heard() -> bool:
        for message in said:
            assert not isinstance(message, Proposal), "it has no block"
            sockets.send(key, encode(message))
        return len(pool) > 0

    orchestra.wait(is_heard)


@pytest.mark.parametrize(
    ("behavior", "kind"),
    [
        ("equivocate-votes", "DuplicateVote"),
        pytest.param("equivocate-proposals", "DuplicateProposal", marks=pytest.mark.slow),
    ],
)
def test_a_process_that_says_two_things_is_slashed_and_jailed(
    tmp_path: Path, behavior: str, kind: str
) -> None:
    """Brought by the next one that proposes; the node shows what was said, and who it was."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack, {"v3": behavior})
        send_until_punished(orchestra)
        assert list_punished(orchestra) == {("v3", kind)}
        told = next(entry for entry in list_evidence(orchestra) if entry["first"])
        assert told["first"]["blockHash"] != told["second"]["blockHash"]
        shown: Any = get_validators(orchestra.node)
        (liar,) = (entry for entry in shown if entry["name"] == "v3")
        assert (liar["jailed"], liar["behavior"]) == (True, behavior)
        orchestra.send()
        last = orchestra.send()
        signers = {vote.validator for vote in orchestra.node.get_certificate(last).votes}
        assert orchestra.running["v3"].peer.address not in signers
        orchestra.wait_for_block(last)


@pytest.mark.slow
def test_a_wrong_result_is_found_and_punished(tmp_path: Path) -> None:
    """Whoever executes the block again finds it, and a block that reports it gets their votes."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack, {"v3": "wrong-model@height>=4"})
        liar = orchestra.running["v3"].peer.address
        model = orchestra.add_model(read_sample("digits_exact"))
        orchestra.send()
        orchestra.send()
        assert orchestra.federation.get_proposer(4) == liar
        for _ in range(2):
            orchestra.send(INFERENCE, encode_infer(model), gas=2_000_000, value=0)
        assert list_punished(orchestra) == {("v3", "WrongResult")}
        block = orchestra.node.head
        assert block.transactions[0].sender == block.header.coinbase
        status: Any = get_status(orchestra.node)
        (told,) = status["disagreements"]
        assert told.startswith("block 4 round 0: v3 proposed another result, header fields extra")


def test_amnesia_is_found_and_punished(tmp_path: Path) -> None:
    """A vote against what v3 has precommitted; told to one process after the height is over, it
    reaches all and the node.
    """
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack)
        orchestra.send()
        address = orchestra.running["v3"].peer.address
        with play_v3(orchestra) as (sockets, signer):
            tell(orchestra, sockets, "v1", signer.sign(Prevote(1, 1, OTHER, -1, address)))
        pools = [process._home.evidence for process in orchestra.running.values()]
        orchestra.wait(lambda: all(len(pool) == 1 for pool in pools))
        orchestra.node.follow()
        status: Any = get_status(orchestra.node)
        assert status["accusations"] == ["v3: amnesia at height 1 round 0"]
        send_until_punished(orchestra)
        assert list_punished(orchestra) == {("v3", "Amnesia")}
        status = get_status(orchestra.node)
        assert status["accusations"] == []


@pytest.mark.slow
def test_evidence_survives_a_restart_of_the_process_that_has_it(tmp_path: Path) -> None:
    """It alone knows, is started again before anybody proposes, and brings it in its turn."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack)
        orchestra.send()
        address = orchestra.running["v3"].peer.address
        for name in ("v0", "v2"):
            orchestra.running.pop(name).close()
        orchestra.node.close()
        with play_v3(orchestra) as (sockets, signer):
            decided = orchestra.running["v1"].head_hash
            votes = [signer.sign(Prevote(1, 5, v, -1, address)) for v in (NIL, decided)]
            tell(orchestra, sockets, "v1", *votes)
            sockets.close()
        orchestra.running.pop("v1").close()
        for name in ("v0", "v1", "v2"):
            orchestra.running[name] = orchestra.open(name)
        sizes = {name: len(p._home.evidence) for name, p in orchestra.running.items()}
        assert sizes == {"v0": 0, "v1": 1, "v2": 0}
        orchestra.node = orchestra.open_node()
        send_until_punished(orchestra)
        assert list_punished(orchestra) == {("v3", "DuplicateVote")}


def test_statements_of_strangers_and_of_long_ago_are_no_evidence(tmp_path: Path) -> None:
    """Whoever has no power may say what it likes; an own vote is never held against oneself."""
    with ExitStack() as stack:
        orchestra = Orchestra(tmp_path, stack)
        orchestra.send()
        vigil = orchestra.running["v0"]._member._vigil
        own = orchestra.running["v0"].peer.address
        for address in (b"\x09" * 20, own):
            for value in (ONE, OTHER):
                vigil.hear(Prevote(1, 0, value, -1, address, bytes(65)))
        assert len(orchestra.running["v0"]._home.evidence) == 0
