"""One of four may fail in any way and is named; two of four stop the chain, which says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from devnet.chain.call import Call
from devnet.consensus.certificate import compute_certificate_hash
from devnet.errors import NoQuorum
from devnet.receipt import compute_inference_root
from devnet.validators.misbehaviour import HONEST, parse_behavior

if TYPE_CHECKING:
    from tests.conftest import Driver

    Digits = tuple[Driver, bytes]

INFERENCE = bytes(19) + b"\xf7"
FRESH = bytes.fromhex("f5" * 20)
WRONG, CRASH = parse_behavior("wrong-model"), parse_behavior("crash")


def mine_until_turn(driver: Driver, name: str) -> None:
    """Empty blocks until it is this validator's turn to propose."""
    cluster = driver.node.cluster
    while True:
        height = driver.node.head.header.number + 1
        if cluster.get_proposer(height) == cluster.find(name).address:
            return
        driver.node.mine()


def test_honest_validators_take_turns_and_all_sign(digits: Digits) -> None:
    """Every block in round 0, proposed by the next one, signed by all in the order of the set."""
    driver, model_id = digits
    cluster = driver.node.cluster
    for _ in range(8):
        place = driver.infer(model_id)
        number = place.block.header.number
        assert place.block.header.coinbase == cluster.validators[(number - 1) % 4].address
        assert driver.node.get_certificate(number).round == 0
        assert driver.list_signers() == ["v0", "v1", "v2", "v3"]
    assert cluster.record.disagreements == []
    assert cluster.waiting == ""


def test_header_commits_to_certificate_and_inferences(digits: Digits) -> None:
    """Parent's certificate in `parentBeaconBlockRoot`, inference root in `extraData`."""
    driver, model_id = digits
    driver.infer(model_id, 3)
    driver.node.mine()
    for number in range(1, driver.node.head.header.number + 1):
        block = driver.node.history.get_block(number)
        parent = driver.node.get_certificate(number - 1) if number > 1 else None
        assert block.header.parent_beacon_block_root == compute_certificate_hash(parent)
        receipts = [inference.receipt for inference in block.inferences]
        assert block.header.extra_data == compute_inference_root(receipts)


def test_wrong_model_is_outvoted_and_named_down_to_the_element(digits: Digits) -> None:
    """The block is the honest one; the report has receipt, output, element and distance."""
    driver, model_id = digits
    mine_until_turn(driver, "v3")
    driver.node.set_behavior("v2", WRONG)
    place = driver.infer(model_id)
    assert place.receipt.succeeded
    assert driver.list_signers() == ["v0", "v1", "v3"]
    (report,) = driver.node.cluster.record.disagreements
    assert (report.validator, report.proposed) == ("v2", False)
    assert (report.height, report.round) == (place.block.header.number, 0)
    assert report.difference.receipt == 0
    element = report.difference.element
    assert element is not None
    assert (element.model_id, element.call_index) == (model_id, 0)
    assert element.transaction_hash == place.transaction.hash
    manifest = place.inferences[0].call.manifest
    assert element.output in [tensor.name for tensor in manifest.outputs]
    assert abs(int(element.expected) - int(element.got)) == int(element.distance)
    assert f"v2 found another result, first at inference receipt 0: {element}" in str(report)


def test_wrong_proposer_costs_a_round(digits: Digits) -> None:
    """Its block gets nil, the next one proposes, and the report says whose block it was."""
    driver, model_id = digits
    mine_until_turn(driver, "v2")
    driver.node.set_behavior("v2", WRONG)
    place = driver.infer(model_id)
    certificate = driver.node.get_certificate(place.block.header.number)
    assert certificate.round == 1
    assert place.block.header.coinbase == driver.node.cluster.find("v3").address
    reports = driver.node.cluster.record.disagreements
    assert [(r.validator, r.round, r.proposed) for r in reports] == [
        ("v2", 0, True),
        ("v2", 1, False),
    ]
    assert "round 0: v2 proposed another result" in str(reports[0])
    assert "round 1: v2 found another result" in str(reports[1])


def test_outvoted_validator_stays_behind_until_it_is_honest(digits: Digits) -> None:
    """It cannot follow a chain that it computes differently; honest again, it catches up."""
    driver, model_id = digits
    liar = driver.node.cluster.find("v2")
    driver.node.set_behavior("v2", WRONG)
    first = driver.infer(model_id).block.header.number
    for digit in range(1, 5):
        driver.infer(model_id, digit)
    assert liar.head.number == first - 1
    assert liar.stuck == f"at block {first}: own execution gives another result"
    driver.node.set_behavior("v2", HONEST)
    driver.infer(model_id)
    assert (liar.head, liar.stuck) == (driver.node.head.header, "")
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_wrong_model_without_inferences_does_no_harm(digits: Digits) -> None:
    """A changed weight shows only where a model runs."""
    driver, _ = digits
    driver.node.set_behavior("v1", WRONG)
    for _ in range(4):
        driver.send(FRESH)
        assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_reads_come_from_an_honest_validator_at_the_head(
    digits: Digits, infer_data: Callable[..., bytes]
) -> None:
    """While one lies others answer; honest again, it answers honestly before the next block."""
    driver, model_id = digits
    call = Call(to=INFERENCE, data=infer_data(model_id))
    expected = driver.node.call(call).output
    for name in ("v0", "v1", "v2"):
        driver.node.set_behavior(name, WRONG)
    driver.send(FRESH)  # executed by liars as by anybody
    assert driver.node.cluster.reader.name == "v3"
    assert driver.node.call(call).output == expected
    driver.node.set_behavior("v0", HONEST)
    assert driver.node.cluster.reader.name == "v0"
    assert driver.node.call(call).output == expected


def test_two_wrong_models_stop_the_chain_and_honesty_restarts_it(digits: Digits) -> None:
    """The message names groups and power; the transaction waits and is mined in the end."""
    driver, model_id = digits
    head = driver.node.head
    for name in ("v0", "v2"):
        driver.node.set_behavior(name, WRONG)
    with pytest.raises(NoQuorum) as stop:
        driver.infer(model_id)
    text = str(stop.value)
    assert f"no block {head.header.number + 1} after 4 rounds: a result needs power 3 of 4" in text
    assert "v0, v2 (power 2) agree on one result" in text
    assert "v1, v3 (power 2) agree on one result" in text
    assert "inference 0 of tx 0x" in text
    assert driver.node.cluster.waiting == text
    assert driver.node.head is head
    (waiting,) = driver.node.pool.all()

    driver.node.set_behavior("v0", HONEST)
    assert driver.node.history.get_transaction(waiting.hash).receipt.succeeded
    assert (driver.node.cluster.waiting, len(driver.node.pool)) == ("", 0)
    driver.node.set_behavior("v2", HONEST)
    driver.node.mine()
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_crash_of_one_is_survived_and_restart_catches_up(digits: Digits) -> None:
    """Its turns cost a round; back again, it executes what it missed and signs."""
    driver, model_id = digits
    driver.node.set_behavior("v1", CRASH)
    rounds = []
    for digit in range(4):
        number = driver.infer(model_id, digit).block.header.number
        rounds.append(driver.node.get_certificate(number).round)
        assert driver.list_signers() == ["v0", "v2", "v3"]
    assert sorted(rounds) == [0, 0, 0, 1]
    crashed = driver.node.cluster.find("v1")
    assert crashed.head.number == driver.node.head.header.number - 4
    driver.node.set_behavior("v1", HONEST)
    driver.infer(model_id)
    assert crashed.head == driver.node.head.header
    assert driver.list_signers() == ["v0", "v1", "v2", "v3"]


def test_crash_of_two_stops_the_chain(digits: Digits) -> None:
    """Who does not take part is named; one of them back is enough."""
    driver, _ = digits
    mine_until_turn(driver, "v0")
    for name in ("v1", "v3"):
        driver.node.set_behavior(name, CRASH)
    with pytest.raises(NoQuorum) as stop:
        driver.send(FRESH)
    assert "v0, v2 (power 2) agree on one result" in str(stop.value)
    for name in ("v1", "v3"):
        assert f"{name} does not take part (crashed)" in str(stop.value)
    driver.node.set_behavior("v3", HONEST)
    assert len(driver.node.pool) == 0
    assert driver.list_signers() == ["v0", "v2", "v3"]


def test_one_wrong_and_one_crashed_stop_the_chain(digits: Digits) -> None:
    """Faults of different kinds add up."""
    driver, model_id = digits
    driver.node.set_behavior("v0", CRASH)
    driver.node.set_behavior("v1", WRONG)
    with pytest.raises(NoQuorum) as stop:
        driver.infer(model_id)
    assert "v2, v3 (power 2) agree on one result; v1 (power 1)" in str(stop.value)
    assert "v0 does not take part (crashed)" in str(stop.value)


@pytest.mark.parametrize("strategy", ["crash", "wrong-model"])
def test_trigger_holds_from_its_height(digits: Digits, strategy: str) -> None:
    """Before it the validator signs, from it on it does not."""
    driver, model_id = digits
    height = driver.node.head.header.number + 3
    driver.node.set_behavior("v2", parse_behavior(f"{strategy}@height>={height}"))
    signed = [
        (place.block.header.number, "v2" in driver.list_signers())
        for place in (driver.infer(model_id, digit) for digit in range(5))
    ]
    assert signed == [(number, number < height) for number, _ in signed]


@pytest.mark.parametrize(("count", "crashed"), [(1, 0), (2, 0), (3, 0), (5, 1), (7, 2)])
def test_networks_of_other_sizes_tolerate_less_than_a_third(
    start: type[Driver], count: int, crashed: int
) -> None:
    """As many as may crash do; one more stops the chain, and none are left of one."""
    driver = start(validators=count)
    for index in range(crashed):
        driver.node.set_behavior(f"v{index}", CRASH)
    driver.send(FRESH)
    assert len(driver.list_signers()) == count - crashed
    driver.node.set_behavior(f"v{crashed}", CRASH)
    with pytest.raises(NoQuorum, match=rf"no block 2 .* v{crashed} does not take part \(crashed\)"):
        driver.send(FRESH)
