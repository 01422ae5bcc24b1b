"""At the edges: the largest leaf that fits, and receivers that take neither money nor answers."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from devnet.consensus.optimistic import OPTIMISTIC
from devnet.validators.optimistic.contract import Status, encode_call, list_tensors
from precompiles.operators import MAX_LEAF_BYTES
from tests.conftest import assemble_code, wrap_code
from tests.validators.optimistic.conftest import (
    CHALLENGER,
    FEE,
    STRANGER,
    TERMS,
    Court,
    Liar,
)

# passes on calls and their value, unless they come from the contract: then it reverts
STUBBORN = assemble_code(
    *("CALLER", OPTIMISTIC, "EQ", 46, "JUMPI"),
    *("CALLDATASIZE", 0, 0, "CALLDATACOPY"),
    *(0, 0, "CALLDATASIZE", 0, "CALLVALUE", OPTIMISTIC, "GAS", "CALL"),
    *("POP", "STOP"),
)


def deploy_stubborn(court: Court) -> bytes:
    """Its address."""
    code = STUBBORN.ljust(46, b"\0") + assemble_code("JUMPDEST", 0, 0, "REVERT")
    address = court.send(STRANGER, None, wrap_code(code)).contract_address
    assert address is not None
    return address


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
