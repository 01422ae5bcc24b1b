"""consensus: evidence, partitions, and behaviours beyond the plain words."""

from collections.abc import Iterator
from typing import Any

import pytest

GROUPS = [["v0", "v1"], ["v2", "v3"]]


@pytest.fixture(autouse=True)
def _whole(rpc: Any) -> Iterator[None]:
    """The network is whole again after each test, and nothing is remembered."""
    yield
    rpc("consensus_heal")
    rpc.node.cluster.record.duplicates.clear()


def test_evidence_names_who_said_two_things(rpc: Any) -> None:
    """Both signed messages, by block; other blocks have none."""
    rpc("consensus_setBehavior", "v2", "equivocate-votes")
    rpc("evm_mine")
    height = int(rpc("eth_blockNumber"), 16)
    rpc("consensus_setBehavior", "v2", "honest")
    rpc("evm_mine")
    found = rpc("consensus_evidence")
    assert [(e["kind"], e["name"], e["height"], e["round"]) for e in found] == [
        ("DuplicateVote", "v2", height, 0),
        ("DuplicateVote", "v2", height, 0),
    ]
    assert [e["first"]["type"] for e in found] == ["prevote", "precommit"]
    for evidence in found:
        first, second = evidence["first"], evidence["second"]
        assert first["blockHash"] != second["blockHash"]
        assert len(first["signature"]) == len(second["signature"]) == 2 + 2 * 65
        assert evidence["validator"] == rpc("consensus_validators")[2]["address"]
    punishment = found[0]["punishment"]
    assert (punishment["block"], punishment["amount"]) == (height + 1, hex(10**18 // 20))
    receipt = rpc("eth_getTransactionReceipt", punishment["transactionHash"])
    assert (receipt["status"], receipt["blockNumber"]) == ("0x1", hex(height + 1))
    validator = rpc("consensus_validators")[2]
    assert (validator["jailed"], validator["power"], validator["nextPower"]) == (True, 1, 0)
    assert rpc("consensus_evidence", height, hex(height)) == found
    assert rpc("consensus_evidence", height + 1) == []
    assert rpc("consensus_evidence", 0, height - 1) == []


def test_partition_halts_and_heal_mines_what_waited(rpc: Any) -> None:
    """The status says who is cut off from whom."""
    head = int(rpc("eth_blockNumber"), 16)
    assert rpc("consensus_partition", GROUPS) is True
    message = {"from": rpc.accounts[0], "to": rpc.accounts[1], "value": "0x1", "gas": hex(21_000)}
    code, text = rpc.fail("eth_sendTransaction", message)
    assert code == -32000
    assert "the network is split: v0, v1 | v2, v3" in text
    status = rpc("consensus_status")
    assert (status["partition"], status["waiting"]) == (GROUPS, text)
    assert status["step"] in ("propose", "prevote", "precommit")
    assert rpc("consensus_heal") is True
    assert rpc("consensus_status")["partition"] == []
    assert int(rpc("eth_blockNumber"), 16) == head + 1


def test_a_behavior_takes_times_targets_and_triggers(rpc: Any) -> None:
    """Joined by plus, or with the trigger as its own parameter."""
    text = "delay(40)@random(0.5) at heights 3-9 + lazy"
    assert rpc("consensus_setBehavior", "v1", text) is True
    assert rpc("consensus_validators")[1]["behavior"] == text
    rpc("consensus_setBehavior", "v1", "crash", "random(0.1) at heights 900000-")
    assert rpc("consensus_validators")[1]["behavior"] == "crash@random(0.1) at heights 900000-"


@pytest.mark.parametrize(
    ("method", "params", "code", "words"),
    [
        ("consensus_setBehavior", ["v1", "crash + pause"], -32000, "contradict each other"),
        ("consensus_setBehavior", ["v1", "censor(0x12)"], -32000, "is an address"),
        ("consensus_partition", [[["v0"], ["v0"]]], -32000, "is in two groups"),
        ("consensus_partition", [[["v7"]]], -32000, "no validator 'v7'"),
        ("consensus_partition", ["v0"], -32602, "groups is"),
        ("consensus_partition", [["v0"]], -32602, "group is"),
        ("consensus_evidence", ["soon"], -32602, "from is"),
    ],
)
def test_what_makes_no_sense_is_refused(
    rpc: Any, method: str, params: list[Any], code: int, words: str
) -> None:
    """With the reason, and nothing is changed."""
    found, text = rpc.fail(method, *params)
    assert (found, rpc("consensus_status")["partition"]) == (code, [])
    assert words in text
