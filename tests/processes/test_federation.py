"""A node over validators that are processes believes nothing but certificates and itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from devnet.consensus.tendermint.message import Prevote
from devnet.errors import ConfigError, NoQuorum
from devnet.network.sockets.exchange import Exchange
from devnet.processes.codec import encode
from devnet.processes.message import Decided, Message, Transactions
from devnet.rpc.consensus import get_status
from devnet.validators.misbehaviour import HONEST
from tests.processes.quartet import STRANGER, Orchestra


@pytest.fixture
def orchestra(tmp_path: Path) -> Iterator[Orchestra]:
    with ExitStack() as stack:
        yield Orchestra(tmp_path, stack)


def describe_peers(orchestra: Orchestra) -> dict[str, dict[str, Any]]:
    """What the node tells of each process."""
    status: Any = get_status(orchestra.node)
    return {peer["name"]: peer for peer in status["peers"]}


def say_until_dropped(orchestra: Orchestra, liar: Exchange, said: Message) -> str:
    """Tell the node something as v3; why it hears v3 no more."""
    key = orchestra.network.node.key

    def is_dropped() -> bool:
        liar.receive(0)
        liar.send(key, encode(said))
        orchestra.node.follow()
        return describe_peers(orchestra)["v3"]["dropped"] is not None

    orchestra.wait(is_dropped)
    return str(describe_peers(orchestra)["v3"]["dropped"])


def test_all_processes_and_the_node_have_one_state(orchestra: Orchestra) -> None:
    """Heads and state roots as each process reports them; who proposes next is told."""
    number = orchestra.send()
    orchestra.wait_for_block(number)
    head = orchestra.node.head
    expected = ("0x" + head.hash.hex(), "0x" + head.header.state_root.hex())

    def is_told() -> bool:
        orchestra.node.follow()
        told = describe_peers(orchestra).values()
        return {(peer["headHash"], peer["stateRoot"]) for peer in told} == {expected}

    orchestra.wait(is_told)
    assert [standing.behavior for standing in orchestra.federation.standings] == ["honest"] * 4
    assert orchestra.federation.get_proposer(2) == orchestra.running["v1"].peer.address


def test_what_one_host_alone_can_do_is_refused(orchestra: Orchestra) -> None:
    """Each refusal says what to do instead."""
    federation = orchestra.federation
    with pytest.raises(ConfigError, match=r"devnet validator --behavior"):
        federation.set_behavior("v1", HONEST)
    with pytest.raises(ConfigError, match="start without --processes to use snapshots"):
        federation.rewind(0)
    with pytest.raises(ConfigError, match="not cut by the node"):
        federation.split([["v0"], ["v1"]])
    federation.heal()
    assert (federation.partition, federation.behaviors) == ((), ())


@pytest.mark.slow
def test_a_node_that_was_away_takes_over_what_was_decided(orchestra: Orchestra) -> None:
    """It executes each block itself, and goes on from there."""
    orchestra.send()
    orchestra.node.close()
    raw = encode(Transactions((orchestra.sign(1),)))
    fourth = orchestra.impersonate("v3")

    def is_decided() -> bool:
        fourth.receive(0)
        fourth.broadcast(raw)
        return {process.height for process in orchestra.running.values()} == {2}

    orchestra.wait(is_decided)
    orchestra.node = orchestra.open_node()
    orchestra.wait_for_node(2)
    assert orchestra.node.open_state().get_balance(STRANGER) == 2


def test_a_decision_without_proof_is_no_block_and_its_sender_is_dropped(
    orchestra: Orchestra,
) -> None:
    """A certificate with too little power, or with signatures of something else."""
    orchestra.send()
    genuine = orchestra.running["v0"]._member._books.build_decided(
        orchestra.running["v0"]._member._ledger.get_commit(1)
    )
    liar = orchestra.impersonate("v3")
    orchestra.running.clear()
    commit = replace(genuine.commit, height=2)
    said = say_until_dropped(orchestra, liar, Decided(commit, genuine.body))
    assert "a decision without proof" in said
    assert orchestra.node.head.header.number == 1


def test_a_statement_that_nobody_signed_is_no_evidence_and_its_sender_is_dropped(
    orchestra: Orchestra,
) -> None:
    """The node holds statements to their signatures as the processes do."""
    liar = orchestra.impersonate("v3")
    victim = orchestra.running["v0"].peer.address
    forged = Prevote(1, 0, b"\1" * 32, -1, victim, bytes(65))
    said = say_until_dropped(orchestra, liar, forged)
    assert said == "a Prevote that its validator has not signed"
    assert len(orchestra.federation.evidence) == 0
    assert orchestra.send() == 1


@pytest.mark.slow
def test_missing_power_is_named_and_what_waits_is_decided_once_it_is_back(
    orchestra: Orchestra,
) -> None:
    """Two of four are down: no block, and the client is told who is missing."""
    absent = [orchestra.running.pop(name) for name in ("v1", "v2")]
    for process in absent:
        process.close()
    with pytest.raises(NoQuorum, match=r"v1, v2 \(power 2\): not connected"):
        orchestra.send()
    orchestra.running["v1"] = orchestra.open("v1")
    orchestra.wait_for_node(1)
    assert len(orchestra.node.pool) == 0
