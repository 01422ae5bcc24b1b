"""The example of the optimistic rule: a contract that asks, and is told what is final."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import event_signature_to_log_topic, function_signature_to_4byte_selector

from contracts import load
from devnet.chain.call import Call
from devnet.config import Optimistic
from devnet.errors import ExecutionReverted
from devnet.validators.misbehaviour import parse_behavior
from devnet.validators.optimistic.contract import Status
from precompiles.models.samples import read_digits

if TYPE_CHECKING:
    from tests.conftest import Driver

TERMS = Optimistic(window_blocks=4)
DIGIT_READ = event_signature_to_log_topic("DigitRead(address,uint256,uint8)")
FEE = 10**15


def call(signature: str, *arguments: Any) -> bytes:
    """Call data of a function with these arguments."""
    kinds = signature.partition("(")[2].rstrip(")")
    head = function_signature_to_4byte_selector(signature)
    return head + encode(kinds.split(",") if kinds else [], arguments)


def ask(driver: Driver, contract: bytes, digit: int) -> None:
    """Send one image with a fee."""
    pixels, _ = read_digits()
    data = call("ask(bytes)", pixels[digit].tobytes())
    driver.node.send_raw(driver.sign(contract, data, FEE))


def read_digit(driver: Driver, contract: bytes) -> int:
    """What it has read last."""
    return int(
        decode(["uint8"], driver.node.call(Call(to=contract, data=call("lastDigit()"))).output)[0]
    )


def deploy(driver: Driver) -> bytes:
    """The contract, for the digit model."""
    code = load("PatientReader").bytecode + driver.add_digits()
    address = driver.send(None, code).receipt.contract_address
    assert address is not None
    return address


@pytest.mark.parametrize("behavior", ["honest", "wrong-model"])
def test_a_reader_is_told_the_right_digit_whoever_executes_first(
    start: type[Driver], behavior: str
) -> None:
    """A lying executor only delays it; the event and the receipt are in the block that settles."""
    driver = start(validators=4, rule="optimistic", optimistic=TERMS)
    node = driver.node
    node.set_behavior("v1", parse_behavior(behavior))  # whose turn the first request is
    contract = deploy(driver)
    ask(driver, contract, 3)
    assert read_digit(driver, contract) == 0
    while node.docket.matters[1].status is not Status.FINAL:
        node.mine()
    _, labels = read_digits()
    assert read_digit(driver, contract) == labels[3]
    block = node.head
    logs = [log for receipt in block.receipts for log in receipt.logs]
    (read,) = [log for log in logs if log.topics[0] == DIGIT_READ]
    assert read.topics[1][12:] == node.accounts[0].address
    (inference,) = block.inferences
    assert (inference.receipt.caller, inference.receipt.mode) == (contract, 3)
    assert len(node.docket.matters[1].conflicts) == (behavior != "honest")


def test_nobody_else_may_tell_it(start: type[Driver]) -> None:
    """A callback of a stranger reverts."""
    driver = start(validators=1, rule="optimistic", optimistic=TERMS)
    contract = deploy(driver)
    data = function_signature_to_4byte_selector("onInference(uint256,(uint8,uint32[],bytes)[])")
    data += encode(["uint256", "(uint8,uint32[],bytes)[]"], [1, [(7, [1], bytes(8))]])
    with pytest.raises(ExecutionReverted):
        driver.node.call(Call(to=contract, data=data))
