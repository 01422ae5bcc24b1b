"""`IOperators`: what it answers to the contract of the optimistic rule, and to nobody else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import onnx
import pytest
from eth_abi.abi import encode
from eth_utils.abi import (
    abi_to_signature,
    filter_abi_by_type,
    function_abi_to_4byte_selector,
    get_abi_input_types,
)
from onnx import TensorProto

from contracts import load
from precompiles.digest import compute_keccak
from precompiles.engine.local import LocalEngine
from precompiles.engine.operator import list_contents
from precompiles.engine.trace import trace_inference
from precompiles.errors import BadInput, ModelMissing, NotAllowed, OutOfGas, TooLarge, UnknownModel
from precompiles.gas import Schedule, compute_check_gas, compute_infer_gas
from precompiles.models.admission import admit_model
from precompiles.models.graph import PINNED_PROPERTY
from precompiles.models.samples import read_sample
from precompiles.models.store import MemoryStore
from precompiles.operators import (
    CHECK,
    COUNT,
    DISPUTES,
    EXECUTE,
    NO_ANSWER,
    OPERATORS,
    SETTLE,
)
from precompiles.table import build_table
from precompiles.tensor import DType, Tensor
from tests.precompiles.conftest import Host, build_model
from tests.precompiles.test_readme import read_table

ABI = load("IOperators").abi
PIXELS = Tensor(DType.UINT8, (1, 64), bytes(range(64)))


def ask(host: Host, function: str, *arguments: object, **frame: Any) -> bytes:
    """`call` through the committed ABI; the output as it is."""
    (element,) = (f for f in filter_abi_by_type("function", ABI) if f["name"] == function)
    head = function_abi_to_4byte_selector(element)
    return host.call(OPERATORS, head + encode(get_abi_input_types(element), arguments), **frame)[0]


def pack(*tensors: Tensor) -> list[tuple[int, tuple[int, ...], bytes]]:
    """A `Tensor[]` argument."""
    return [(int(tensor.dtype), tensor.shape, tensor.data) for tensor in tensors]


@pytest.fixture
def judge(make_host: Callable[[], Host]) -> Host:
    """A host of a chain with the optimistic rule."""
    host = make_host()
    return replace(host, table=build_table(host.engine, Schedule(), has_disputes=True))


def test_only_chains_with_the_rule_have_it(host: Host, judge: Host) -> None:
    """0xFA, with a Solidity interface of that name."""
    assert OPERATORS not in host.table
    assert bytes(19) + b"\xfa" == OPERATORS
    assert judge.table[OPERATORS][0] == "IOperators"
    declared = map(function_abi_to_4byte_selector, filter_abi_by_type("function", ABI))
    assert {*declared} == {COUNT, EXECUTE, CHECK, SETTLE}
    rows = read_table("Operators")
    assert rows[0][0] == "0x…00FA IOperators"
    functions = map(abi_to_signature, filter_abi_by_type("function", ABI))
    assert {row[1] for row in rows} == {*functions}


def test_every_operator_is_executed_to_its_leaf(judge: Host, digits: bytes) -> None:
    """The leaf of a right trace, for what a whole run costs beside parsing the model."""
    model_id = judge.add(digits)
    manifest = admit_model(digits, {})
    trace = trace_inference(digits, manifest, (PIXELS,))
    contents = list_contents(trace)
    assert int.from_bytes(ask(judge, "count", model_id)) == len(contents) == 16
    leaf = ask(judge, "execute", model_id, 0, (0,), pack(PIXELS))
    assert leaf == compute_keccak(b"\0" + contents[0])
    schedule = Schedule()
    parsing = compute_check_gas(schedule, len(digits))
    cost = schedule.read + parsing + compute_infer_gas(schedule, manifest)
    with pytest.raises(OutOfGas):
        ask(judge, "execute", model_id, 0, (0,), pack(PIXELS), gas=cost - 1)
    ask(judge, "execute", model_id, 0, (0,), pack(PIXELS), gas=cost)


def test_whoever_calls_has_to_bring_what_the_operator_reads(judge: Host, digits: bytes) -> None:
    """Other sources are refused; tensors that do not fit have no answer."""
    model_id = judge.add(digits)
    for sources in ((), (1,), (0, 1)):
        with pytest.raises(BadInput, match="reads sources"):
            ask(judge, "execute", model_id, 0, sources, pack(PIXELS))
    with pytest.raises(BadInput, match="no operator 16"):
        ask(judge, "execute", model_id, 16, (0,), pack(PIXELS))
    for tensors in ((), (PIXELS, PIXELS), (Tensor(DType.INT8, (1, 64), bytes(64)),)):
        leaf = ask(judge, "execute", model_id, 0, (0,), pack(*tensors))
        assert leaf == NO_ANSWER


def test_models_that_cannot_be_judged_are_refused_with_what_to_do(judge: Host) -> None:
    """Pinned ones, operators that read too much for a transaction; unknown ones as anywhere."""
    proto = onnx.load_from_string(read_sample("digits_float"))
    key, value = PINNED_PROPERTY
    proto.metadata_props.add(key=key, value=value)
    pinned = judge.add(bytes(proto.SerializeToString()))
    with pytest.raises(NotAllowed, match="register it as exact or portable"):
        ask(judge, "count", pinned)
    kinds = {"a": (TensorProto.INT32, (40_000,)), "b": (TensorProto.INT32, (40_000,))}
    both = {"c": (TensorProto.INT32, (80_000,))}
    large = judge.add(build_model("Concat", kinds, both, axis=0))
    with pytest.raises(TooLarge, match=r"call IInference\.infer instead"):
        ask(judge, "count", large)
    with pytest.raises(UnknownModel):
        ask(judge, "count", bytes(32))


def test_a_host_without_the_model_cannot_answer(judge: Host, digits: bytes) -> None:
    """It abstains: the chain knows the model, so this is no outcome."""
    model_id = judge.add(digits)
    table = build_table(LocalEngine(MemoryStore()), Schedule(), has_disputes=True)
    with pytest.raises(ModelMissing):
        ask(replace(judge, table=table), "count", model_id)


def test_outputs_are_held_to_the_signature(judge: Host, digits: bytes) -> None:
    """Type, shape and number; by name."""
    model_id = judge.add(digits)
    outputs = trace_inference(digits, admit_model(digits, {}), (PIXELS,)).outputs
    assert ask(judge, "check", model_id, pack(*outputs)) == b""
    with pytest.raises(BadInput, match="1 tensors given, the model gives digit"):
        ask(judge, "check", model_id, pack(*outputs[:1]))
    with pytest.raises(BadInput, match="output 'digit' is uint8"):
        ask(judge, "check", model_id, pack(PIXELS, outputs[1]))


def test_only_the_contract_settles(judge: Host, digits: bytes) -> None:
    """Its receipt is like any other, of mode 3 and with the requester as caller."""
    model_id = judge.add(digits)
    outputs = trace_inference(digits, admit_model(digits, {}), (PIXELS,)).outputs
    requester = b"\x0a" * 20
    arguments = (model_id, requester, pack(PIXELS), pack(*outputs))
    for frame in ({}, {"caller": DISPUTES, "storage": DISPUTES}):
        with pytest.raises(NotAllowed):
            ask(judge, "settle", *arguments, **frame)
    ask(judge, "settle", *arguments, caller=DISPUTES)
    (call,) = judge.state.calls
    assert (call.caller, call.mode, call.inputs) == (requester, 3, (PIXELS,))
    assert call.outputs == outputs
