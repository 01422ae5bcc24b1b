"""consensus: status, validators, certificates, behaviour."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from devnet.consensus.certificate import compute_certificate_hash
from devnet.rpc.consensus import get_status
from devnet.validators.misbehaviour import parse_behavior
from tests.validators.agreement.conftest import FloatDriver


def test_a_certificate_names_who_signed_and_stands_in_the_next_header(rpc: Any) -> None:
    """All four of four; its hash is the child's parentBeaconBlockRoot."""
    rpc("evm_mine", {"blocks": 2})
    height = int(rpc("eth_blockNumber"), 16)
    commit = rpc("consensus_commit", hex(height - 1))
    assert (commit["height"], commit["round"]) == (height - 1, 0)
    assert commit["blockHash"] == rpc("eth_getBlockByNumber", hex(height - 1))["hash"]
    assert commit["hash"] == rpc("eth_getBlockByNumber", "latest")["parentBeaconBlockRoot"]
    assert [vote["name"] for vote in commit["votes"]] == ["v0", "v1", "v2", "v3"]
    assert {len(vote["signature"]) for vote in commit["votes"]} == {2 + 2 * 65}
    kept = rpc.node.get_certificate(height)
    assert rpc("consensus_commit", height)["hash"] == "0x" + compute_certificate_hash(kept).hex()
    assert rpc("consensus_commit", "latest") == rpc("consensus_commit", height)
    assert rpc("consensus_commit") == rpc("consensus_commit", height)


def test_nobody_signs_the_genesis_block(rpc: Any) -> None:
    """And nobody an unknown one."""
    assert rpc.fail("consensus_commit", "earliest")[0] == -32000
    assert rpc.fail("consensus_commit", 10**6)[0] == -32000


def test_validators_are_listed_with_power_and_behavior(rpc: Any) -> None:
    """The proposer of the next block is one of them."""
    rpc("consensus_setBehavior", "v2", "crash@height>=1000")
    found = rpc("consensus_validators")
    height = int(rpc("eth_blockNumber"), 16)
    assert [v["name"] for v in found] == ["v0", "v1", "v2", "v3"]
    assert found[2] == {
        "name": "v2",
        "address": found[2]["address"],
        "power": 1,
        "nextPower": 1,
        "stake": hex(10**18),
        "unbonding": "0x0",
        "slashed": "0x0",
        "jailed": False,
        "jailedUntil": None,
        "behavior": "crash@height>=1000",
        "client": "py-evm",
        "height": height,
        "stuck": None,
    }
    assert rpc("eth_coinbase") in [v["address"] for v in found]
    assert rpc("consensus_validators", "latest") == found


def test_the_status_tells_why_the_chain_waits_and_who_differs(
    rpc: Any, read_data: Callable[[int], str]
) -> None:
    """One liar is named; two stop the chain; honest again, the waiting transaction is mined."""
    reader = rpc.deploy_reader()
    status = rpc("consensus_status")
    assert status == {
        "height": int(rpc("eth_blockNumber"), 16),
        "headHash": rpc("eth_getBlockByNumber", "latest")["hash"],
        "round": 0,
        "step": "decided",
        "proposer": rpc("eth_coinbase"),
        "clients": dict.fromkeys(("v0", "v1", "v2", "v3"), "py-evm"),
        "waiting": None,
        "partition": [],
        "disagreements": [],
        "lastDisagreement": None,
        "forks": [],
        "accusations": [],
        "models": [],
    }
    assert rpc("consensus_setBehavior", "v2", "wrong-model") is True
    rpc.send(to=reader, data=read_data(1))
    disagreements = rpc("consensus_status")["disagreements"]
    assert all(re.search("v2 (found|proposed) another result", text) for text in disagreements)
    assert "output 'scores' element" in disagreements[-1]
    assert rpc("consensus_status")["lastDisagreement"] == disagreements[-1]

    rpc("consensus_setBehavior", "v3", "wrong-model", "height>=1")
    message = {"from": rpc.accounts[0], "to": reader, "data": read_data(2), "gas": hex(200_000)}
    code, text = rpc.fail("eth_sendTransaction", message)
    assert code == -32000
    assert text.startswith(f"no block {status['height'] + 2} after 4 rounds")
    assert rpc("consensus_status")["waiting"] == text
    assert rpc("consensus_validators")[2]["stuck"].startswith(f"at block {status['height'] + 1}")

    for name in ("v2", "v3"):
        rpc("consensus_setBehavior", name, "honest")
    assert rpc("consensus_status")["height"] == status["height"] + 2
    assert rpc("consensus_status")["waiting"] is None


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        (["v9", "crash"], -32000, "no validator 'v9'; there are v0 to v3"),
        (["v0", "liar"], -32000, "no behavior 'liar'; there are honest, crash, pause"),
        (["v0", "crash", "tuesday"], -32000, "is not of the form"),
        (["v0", 1], -32602, "behavior is 1, must be text"),
        ([0, "crash"], -32602, "validator is 0, must be text"),
    ],
)
def test_an_unknown_validator_or_behavior_is_refused(
    rpc: Any, params: list[Any], code: int, message: str
) -> None:
    """With what there is."""
    found, text = rpc.fail("consensus_setBehavior", *params)
    assert found == code
    assert message in text


def test_the_status_tells_the_rule_of_a_chain_that_takes_more_than_equal_bits() -> None:
    """And what it made of each output that was not equal."""
    driver = FloatDriver(agreement="tolerance(1048576)")
    model_id = driver.add_floats()
    driver.node.set_behavior("v3", parse_behavior("quantised"))
    driver.ask(model_id)
    status: Any = get_status(driver.node)
    assert status["agreement"] == "tolerance(1048576)"
    assert "v3 takes over the output of inference 0" in str(status["rulings"])
