"""inference_requests and inference_disputes: what a client sees of the optimistic rule."""

from typing import Any

import pytest

from devnet.config import Config, Optimistic
from devnet.consensus.optimistic import OPTIMISTIC
from devnet.node import Node
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import encode_call, list_tensors
from precompiles.models.samples import read_digits, read_sample
from precompiles.tensor import DType, Tensor
from tests.rpc.conftest import Rpc


@pytest.fixture
def court() -> Rpc:
    """A node of the rule whose second validator lies."""
    terms = Optimistic(window_blocks=3)
    node = Node(Config(validators=2, rule="optimistic", optimistic=terms))
    node.set_behavior("v1", parse_behavior("wrong-model"))
    return Rpc(node)


def test_a_dispute_is_shown_with_rounds_operator_and_verdict(court: Any) -> None:
    """While it goes on and when it is over; its moves are transactions with decodable logs."""
    model = court("inference_addModel", "0x" + read_sample("digits_exact").hex())["id"]
    pixels, _ = read_digits()
    tensors = list_tensors([Tensor(DType.UINT8, (1, 64), pixels[0].tobytes())])
    data = encode_call("request", bytes.fromhex(model[2:]), tensors, 0)
    court.send(to="0x" + OPTIMISTIC.hex(), data="0x" + data.hex(), value="0x1")
    (request,) = court("inference_requests")
    assert (request["request"], request["model"]) == (1, model)
    assert (request["status"], request["disputes"]) == ("posted", 0)
    assert court("inference_disputes") == []
    court.node.mine(3)
    (dispute,) = court("inference_disputes", 1)
    assert (dispute["verdict"], dispute["closedAt"], dispute["slashed"]) == (None, None, [])
    court.node.mine(40)
    validators = [v["address"] for v in court("consensus_validators")]
    first, second = court("inference_disputes")
    assert (first["executor"], first["challenger"]) == (validators[1], validators[0])
    assert (first["rounds"], first["operator"], first["verdict"]) == (4, 7, "challenger")
    assert first["slashed"] == [{"address": validators[1], "amount": hex(10**18)}]
    assert first["rewarded"] == [{"address": validators[0], "amount": hex(10**18 // 2)}]
    assert [move["level"] for move in first["moves"]] == [4, 4, 3, 3, 2, 2, 1, 1]
    assert first["moves"][0]["party"] == validators[1]
    assert second["verdict"] == "executor"
    assert court("inference_requests")[0]["status"] == "final"
    logs = court("eth_getLogs", {"address": "0x" + OPTIMISTIC.hex(), "fromBlock": "0x0"})
    assert len(logs) >= 3 + 2 * (8 + 3)


def test_a_request_that_is_not_there_and_a_chain_without_the_rule(court: Any, rpc: Any) -> None:
    """Both say what to do instead."""
    assert court.fail("inference_disputes", 7) == (-32001, "no request 7: there are 0")
    code, message = rpc.fail("inference_requests")
    assert code == -32000
    assert "devnet up --rule optimistic" in message
