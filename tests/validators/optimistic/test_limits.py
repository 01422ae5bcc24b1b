"""At the edges: the largest leaf that fits, and receivers that take neither money nor answers."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from devnet.consensus.optimistic import OPTIMISTIC
from devnet.models import Models
from devnet.validators.optimistic.contract import Status, encode_call, list_tensors
from precompiles.operators import MAX_LEAF_BYTES
from precompiles.tensor import DType, Tensor
from tests.conftest import Driver, assemble_code, wrap_code
from tests.validators.optimistic.conftest import (
    CHALLENGER,
    FEE,
    STRANGER,
    TERMS,
    Court,
    Liar,
)
from tests.validators.optimistic.test_agents import begin, settle

# passes on calls and their value, unless they come from the contract: then it goes on after this
RELAY = assemble_code(
    *("CALLER", OPTIMISTIC, "EQ", 60, "JUMPI"),
    *("CALLDATASIZE", 0, 0, "CALLDATACOPY"),
    *(0, 0, "CALLDATASIZE", 0, "CALLVALUE", OPTIMISTIC, "GAS", "CALL"),
    *("POP", "STOP"),
)


def deploy_stubborn(court: Court) -> bytes:
    """Address of a contract that reverts when it is paid or called back."""
    address = court.send(STRANGER, None, wrap_code(relay("REVERT", 0))).contract_address
    assert address is not None
    return address


def relay(ending: str, size: int) -> bytes:
    """Code of a contract that ends calls of the optimistic contract with so many bytes."""
    assert len(RELAY) == 60
    return RELAY + assemble_code("JUMPDEST", size, 0, ending)


def build_cut(size: int) -> bytes:
    """The first ten of so many bytes."""
    bounds = {"start": 0, "end": 10}
    graph = helper.make_graph(
        [helper.make_node("Slice", ["x", *bounds], ["y"])],
        "cut",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [size])],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, [10])],
        [numpy_helper.from_array(np.array([n], np.int64), name) for name, n in bounds.items()],
    )
    opsets = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def build_wide(repeats: int) -> bytes:
    """64 bytes repeated so many times, of which the first ten are the output."""
    constants = {"repeats": repeats, "start": 0, "end": 10}
    graph = helper.make_graph(
        [
            helper.make_node("Tile", ["x", "repeats"], ["wide"]),
            helper.make_node("Slice", ["wide", "start", "end"], ["y"]),
        ],
        "wide",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [64])],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, [10])],
        [numpy_helper.from_array(np.array([n], np.int64), name) for name, n in constants.items()],
    )
    opsets = [helper.make_opsetid("", 21)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=10).SerializeToString())


def test_the_largest_leaf_is_judged_within_a_transaction(court: Court) -> None:
    """An operator that reads 109 kB: its operands come in one transaction; more is refused."""
    court.take(build_wide(1_700))
    (kind,) = court.operators.list_kinds(1)
    assert 0.98 * MAX_LEAF_BYTES < kind.size_bytes < MAX_LEAF_BYTES
    lie, truth = court.claim(Liar(1)), court.claim()
    court.dispute(lie, truth)
    assert court.bisect(lie, truth) == 1
    court.judge(truth)
    assert court.read().attempt == 1
    court.take(build_wide(1_720))
    refused = court.act(STRANGER, "request", court.model, list_tensors(court.inputs), 0)
    assert b"TooLarge: operator 1 (Slice 'y') reads" in refused.output


def test_who_takes_no_money_has_credit_and_holds_up_nothing(court: Court) -> None:
    """A requester that refuses its fee back: the request is over all the same."""
    stubborn = deploy_stubborn(court)
    data = encode_call("request", court.model, list_tensors(court.inputs), 0)
    court.send(STRANGER, stubborn, data, FEE)
    assert court.read().requester == stubborn
    court.node.mine(TERMS.window_blocks + 1)
    court.do(CHALLENGER, "expire", 1)
    assert court.read().status is Status.EXPIRED
    assert court.read_word("credit", stubborn) == court.get_balance() == FEE
    court.refuse("NothingToClaim", STRANGER, "claim")
    court.send(STRANGER, stubborn, encode_call("claim"))
    assert court.read_word("credit", stubborn) == FEE  # refused again


def test_a_callback_that_fails_holds_up_nothing(court: Court) -> None:
    """The answer is final, the executor paid; the event says that it failed."""
    stubborn, claim = deploy_stubborn(court), court.claim()
    data = encode_call("request", court.model, list_tensors(court.inputs), 50_000)
    court.send(STRANGER, stubborn, data, FEE)
    court.post(claim)
    court.node.mine(TERMS.window_blocks)
    court.finalize(claim)
    assert court.read().status is Status.FINAL
    assert court.get_balance() == 0
    called_back = court.node.head.receipts[0].logs[-1]
    assert called_back.data == bytes(32)


def test_a_callback_gets_the_gas_that_was_asked_for_or_nothing_happens(court: Court) -> None:
    """Whoever settles cannot starve it."""
    stubborn, claim = deploy_stubborn(court), court.claim()
    tensors = list_tensors(court.inputs), list_tensors(claim.trace.outputs)
    court.send(STRANGER, stubborn, encode_call("request", court.model, tensors[0], 5_000_000))
    court.refuse("TooMuchGas", STRANGER, "request", court.model, tensors[0], 5_000_001)
    court.post(claim)
    court.node.mine(TERMS.window_blocks)
    court.refuse("NotEnoughGas", STRANGER, "finalize", 1, *tensors)
    assert court.read().status is Status.POSTED


def test_agents_settle_what_costs_most(start: type[Driver]) -> None:
    """The longest inputs, the most gas for a callback, and 1.6 MB as its answer: in one block."""
    driver = begin(start, 2)
    node, size = driver.node, 108_000
    model = Models(node).add(build_cut(size)).model_id
    address = driver.deploy(relay("RETURN", 1_590_000))
    inputs = list_tensors([Tensor(DType.UINT8, (size,), bytes(range(250)) * (size // 250))])
    data = encode_call("request", model, inputs, 5_000_000)
    assert driver.send(address, data, gas=16_000_000).receipt.succeeded
    assert settle(node).status is Status.FINAL
    assert node.head.receipts[-1].gas_used > 12_000_000
