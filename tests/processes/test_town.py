"""Validators that are processes: whatever one of them suffers, nothing that was final is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import encode

from devnet.data_directory import DataDirectory
from devnet.errors import RemoteError
from devnet.verification.bundle import parse_bundle
from devnet.verification.verifier import Outcome, verify_bundle
from precompiles.digest import compute_keccak
from precompiles.models.samples import read_digits, read_sample

if TYPE_CHECKING:
    from tests.processes.conftest import Town

pytestmark = pytest.mark.slow
NAMES = ("v0", "v1", "v2", "v3")


def encode_read(digit: int) -> str:
    """Call data of DigitReader's `read`."""
    pixels = read_digits()[0][digit].tobytes()
    return "0x" + (compute_keccak(b"read(bytes)")[:4] + encode(["bytes"], [pixels])).hex()


def read_heads(folder: Path) -> dict[str, tuple[int, str, str]]:
    """Number, hash and state root of each process's head, from its disk."""
    heads = {}
    for name in ("node", *NAMES):
        directory = DataDirectory(folder / name)
        assert directory.history is not None
        head = directory.history.head
        heads[name] = (head.header.number, head.hash.hex(), head.header.state_root.hex())
        directory.close()
    return heads


def test_four_processes_decide_blocks_with_inferences(town: Town) -> None:
    """Each with its own process id; the certificate has a quorum, and all end with one state."""
    reader = town.deploy_reader()
    receipts = [town.send(to=reader, data=encode_read(digit)) for digit in range(5)]
    assert all(receipt["status"] == "0x1" for receipt in receipts)
    assert all(
        len(town.ask("inference_receipts", receipt["transactionHash"])) == 1 for receipt in receipts
    )
    commit = town.ask("consensus_commit", receipts[-1]["blockNumber"])
    assert len(commit["votes"]) >= 3
    bundle = town.ask("inference_bundle", receipts[-1]["transactionHash"])
    verdict = verify_bundle(parse_bundle(json.dumps(bundle)), read_sample("digits_exact"))
    assert verdict.outcome is Outcome.VERIFIED, verdict.reason
    town.wait_until_equal()
    peers = town.peers
    assert len({peers[name]["pid"] for name in NAMES}) == 4
    town.stop(town.node)
    assert len(set(read_heads(town.folder).values())) == 1


def test_each_validator_killed_in_turn_loses_nothing_and_catches_up(town: Town) -> None:
    """kill -9 of one after the other while transactions and inferences are sent; started again it
    has the state that the others and the node have.
    """
    reader = town.deploy_reader()
    sent: list[str] = []
    for victim in NAMES:
        before = town.peers[victim]["pid"]
        for number in range(6):
            if number == 2:
                town.kill(victim)
            sent.append(town.send(value="0x1")["transactionHash"])
            sent.append(town.send(to=reader, data=encode_read(number))["transactionHash"])
        assert town.restart(victim)["pid"] != before
        town.wait_until_equal()
        head = town.ask("eth_getBlockByNumber", "latest", False)
        assert {peer["stateRoot"] for peer in town.peers.values()} == {head["stateRoot"]}
        assert {peer["headHash"] for peer in town.peers.values()} == {head["hash"]}
    receipts = [town.ask("eth_getTransactionReceipt", sent_hash) for sent_hash in sent]
    assert all(receipt["status"] == "0x1" for receipt in receipts)
    inferences = [town.ask("inference_receipts", sent_hash) for sent_hash in sent[1::2]]
    assert all(len(made) == 1 for made in inferences)
    town.stop_all()
    assert len(set(read_heads(town.folder).values())) == 1


def test_two_dead_validators_halt_the_chain_and_are_named(town: Town) -> None:
    """What waits is decided once one of them is back, and the state is one."""
    town.send(value="0x1")
    town.kill("v1", "v2")
    with pytest.raises(RemoteError, match=r"3 of 4 decide, 2 agree|are missing") as halt:
        town.send(value="0x2")
    assert "v1, v2 (power 2): not connected" in str(halt.value)
    head = int(town.ask("eth_blockNumber"), 16)
    town.restart("v1")
    town.wait(lambda: int(town.ask("eth_blockNumber"), 16) > head)
    assert town.ask("txpool_status")["pending"] == "0x0"
    town.restart("v2")
    town.send(value="0x3")
    town.wait_until_equal()


def test_the_node_itself_may_be_killed(town: Town) -> None:
    """Its validators end with it; all start again with the chain they had."""
    receipt = town.send(value="0x1")
    town.node.kill()
    town.node.wait(20)
    from contextlib import ExitStack

    from tests.processes.conftest import Town as Again

    with ExitStack() as stack:
        again = Again(town.folder, stack)
        found: dict[str, Any] = again.ask("eth_getTransactionReceipt", receipt["transactionHash"])
        assert found["blockHash"] == receipt["blockHash"]
        again.send(value="0x2")


def test_a_process_joins_with_the_node_s_address_alone(town: Town, tmp_path: Path) -> None:
    """It fetches models and blocks, follows, and goes on following after a restart."""
    reader = town.deploy_reader()
    town.send(to=reader, data=encode_read(0))
    address = town.told["url"].removeprefix("http://")
    folder = str(tmp_path / "fifth")
    fifth = town.start("validator", "--data-dir", folder, "--join", address)
    assert town.read(fifth)["name"] == "v4"
    town.wait_until_equal("v4")
    assert town.peers["v4"]["height"] == int(town.ask("eth_blockNumber"), 16)
    town.stop(fifth)
    town.send(to=reader, data=encode_read(1))
    town.read(town.start("validator", "--data-dir", folder))
    town.wait_until_equal("v4")
